"""How days and times are written, where a page or a notice does not say otherwise."""
