# A network in which nobody can call the machines that compute. With `egress = "public"` each has a public address while
# it is there, and costs nothing when none is; otherwise they are in private subnets, and the way out costs by the hour.

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:up to three zones are taken, however many there are
  state = "available"
  # These two old zones lack Fargate or the machine types of the map; a zone's name differs by account, its id does not.
  exclude_zone_ids = ["use1-az3", "usw1-az2"]
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"] # no local zone
  }
}

locals {
  # Three zones where there are three: each has spot machines of its own.
  zones     = slice(data.aws_availability_zones.available.names, 0, min(3, length(data.aws_availability_zones.available.names)))
  is_public = var.egress == "public"
  # What an ECS machine, the head and the reduce call; S3 and DynamoDB have gateways.
  services = ["batch", "ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs", "sagemaker.api"]
}

# A network of its own, so that nothing else in the account can reach the workers.
resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:nothing can come in, and what goes out goes to AWS over TLS; logging it costs more than the network
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true # interface endpoints answer under the services' own names
  tags                 = { Name = var.name }
}

# Every VPC has this group, and it lets its members talk: taken over without a rule, it lets nobody.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}

# Where jobs run with egress = "public", and where the NAT gateway stands otherwise.
resource "aws_subnet" "public" {
  #checkov:skip=CKV_AWS_130:a public address costs nothing while idle, a NAT gateway $36.50 a month; the group lets nobody in
  count                   = length(local.zones)
  vpc_id                  = aws_vpc.this.id
  availability_zone       = local.zones[count.index]
  cidr_block              = cidrsubnet(var.vpc_cidr, 4, count.index)
  map_public_ip_on_launch = local.is_public
  tags                    = { Name = "${var.name}-public-${local.zones[count.index]}" }
}

# Where all jobs run unless egress is "public".
resource "aws_subnet" "private" {
  count             = length(local.zones)
  vpc_id            = aws_vpc.this.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, count.index + 8)
  tags              = { Name = "${var.name}-private-${local.zones[count.index]}" }
}

# The way out, for machines with an address of their own or for the NAT gateway. It costs nothing.
resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = var.name }
}

# Public subnets are public because of this table.
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.name}-public" }
}

# To the internet, from the public subnets only.
resource "aws_route" "public_internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

# Every public subnet uses the table.
resource "aws_route_table_association" "public" {
  count          = length(local.zones)
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

# One table for all private subnets, because there is one NAT gateway.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.name}-private" }
}

# Every private subnet uses the table.
resource "aws_route_table_association" "private" {
  count          = length(local.zones)
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private.id
}

# The NAT gateway's address.
resource "aws_eip" "nat" {
  count      = var.egress == "nat" ? 1 : 0
  domain     = "vpc"
  tags       = { Name = "${var.name}-nat" }
  depends_on = [aws_internet_gateway.this]
}

# One, not one a zone: if its zone fails, a run fails and is started again. A second one costs $36.50 a month.
resource "aws_nat_gateway" "this" {
  count         = var.egress == "nat" ? 1 : 0
  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.public[0].id
  tags          = { Name = var.name }
}

# What has no endpoint goes through the NAT gateway.
resource "aws_route" "private_nat" {
  count                  = var.egress == "nat" ? 1 : 0
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}

# Nearly all bytes are S3's (files, and the layers of the images): here they cost nothing, over NAT $0.045 a GB.
resource "aws_vpc_endpoint" "gateway" {
  for_each          = toset(["s3", "dynamodb"])
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id, aws_route_table.public.id]
  tags              = { Name = "${var.name}-${each.key}" }
}

# Instead of NAT: AWS's own services can be reached, and nothing else of the internet.
resource "aws_vpc_endpoint" "interface" {
  for_each            = toset(var.egress == "endpoints" ? local.services : [])
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = aws_subnet.private[*].id
  security_group_ids  = [aws_security_group.endpoints[0].id]
  tags                = { Name = "${var.name}-${each.key}" }
}

# Every job has it: out over TLS, in not at all.
resource "aws_security_group" "workers" {
  #checkov:skip=CKV2_AWS_5:the compute environments use it, in another module
  name        = "${var.name}-workers"
  description = "Jobs: out over TLS, nothing in"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-workers" }
}

# S3 and DynamoDB have thousands of addresses that change, so the port is what is limited.
resource "aws_vpc_security_group_egress_rule" "workers_tls" {
  security_group_id = aws_security_group.workers.id
  description       = "AWS services over TLS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

# The interface endpoints' own group.
resource "aws_security_group" "endpoints" {
  count       = var.egress == "endpoints" ? 1 : 0
  name        = "${var.name}-endpoints"
  description = "Interface endpoints: in from jobs only"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-endpoints" }
}

# Only jobs may call the endpoints.
resource "aws_vpc_security_group_ingress_rule" "endpoints_tls" {
  count                        = var.egress == "endpoints" ? 1 : 0
  security_group_id            = aws_security_group.endpoints[0].id
  description                  = "TLS from jobs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.workers.id
}
