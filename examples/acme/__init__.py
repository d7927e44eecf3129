"""The maker of the example export: its people, their talk, and the oddities among it."""
