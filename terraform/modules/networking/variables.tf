# See the variables of the same names at the root, where they are checked for a whole deployment.

variable "name" {
  description = "Begins the name of every resource."
  type        = string
  validation {
    condition     = length(var.name) > 0
    error_message = "name must not be empty."
  }
}

variable "region" {
  description = "The AWS region."
  type        = string
}

variable "vpc_cidr" {
  description = "The address range of the VPC."
  type        = string
}

variable "egress" {
  description = "How jobs reach AWS: public, nat or endpoints."
  type        = string
}
