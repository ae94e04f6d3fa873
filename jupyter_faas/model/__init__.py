"""What all rooms share: errors, units, caps, manifest, bundle, wire. Imports no other room."""
