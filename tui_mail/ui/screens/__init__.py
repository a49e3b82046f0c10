"""One screen a file; screens only wire widgets together."""
