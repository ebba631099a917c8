"""What goes over the wire, declared; no state and no input or output."""
