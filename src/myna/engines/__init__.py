"""The plug-in port and the engines that come with the service."""
