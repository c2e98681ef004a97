"""What guards the project itself: static checks (`make audit`) and lists of the images' parts (`make sbom`)."""
