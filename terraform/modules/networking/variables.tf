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
  validation {
    condition     = length(var.region) > 0
    error_message = "region must not be empty."
  }
}

variable "vpc_cidr" {
  description = "The address range of the VPC."
  type        = string
  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 4, 10))
    error_message = "vpc_cidr must have room for 16 subnets."
  }
}

variable "egress" {
  description = "How jobs reach AWS: public, nat, endpoints or none."
  type        = string
  validation {
    condition     = contains(["public", "nat", "endpoints", "none"], var.egress)
    error_message = "egress must be public, nat, endpoints or none."
  }
}

variable "interface_endpoints" {
  description = "The services that get an endpoint with egress = endpoints."
  type        = set(string)
  validation {
    condition     = !contains(var.interface_endpoints, "s3") && !contains(var.interface_endpoints, "dynamodb")
    error_message = "s3 and dynamodb have gateway endpoints already."
  }
}
