"""An organization that stands, over its API: what `mode = "api"` calls, makes, sends and reads
back."""
