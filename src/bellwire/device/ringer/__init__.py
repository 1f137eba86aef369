"""The speaker's sound: bells, assets, the mixer and the sound card; `ringer.Ringer` is its front door."""
