"""What the product is compared with, and the labels its detectors are measured by; nothing here is part of it."""
