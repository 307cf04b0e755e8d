"""What turns the files of packages into the files of the cache, by the name that the manifest uses."""
