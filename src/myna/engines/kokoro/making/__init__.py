"""Makes a voice of a recording: at once (`voice_clone`), by ear, more finely at leisure (`voice_refine`), and finished
with the decoder that will speak it (`voice_finish`). Nothing here runs while a voice speaks, but for one that has not
practised yet."""
