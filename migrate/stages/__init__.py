"""What a migration does, one stage after another. Each stage is a module; the runner puts them in
their order."""
