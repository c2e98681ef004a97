# What outlives a run: its files, its themes, and the images that made them.

# All files of all runs. The account's number makes the name the only one in the world.
resource "aws_s3_bucket" "results" {
  #checkov:skip=CKV_AWS_145:AWS's own key encrypts it; a key of ours costs $1 a month and would be given to the same roles
  #checkov:skip=CKV_AWS_144:every file can be made again from the source; a second region would double the storage
  #checkov:skip=CKV_AWS_18:CloudTrail's data events answer who read what, and are the account's to turn on; a log bucket would need the same care as this one
  #checkov:skip=CKV2_AWS_62:nothing waits for an object: the state machine knows when a run has ended
  bucket        = "${var.name}-${var.account_id}"
  force_destroy = var.force_destroy
}

# S3's own key: free, and in one account a key of our own would be given to the same roles.
resource "aws_s3_bucket_server_side_encryption_configuration" "results" {
  bucket = aws_s3_bucket.results.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# A run that overwrites or deletes a result by mistake can be undone.
resource "aws_s3_bucket_versioning" "results" {
  bucket = aws_s3_bucket.results.id
  versioning_configuration {
    status = "Enabled"
  }
}

# Transcripts are licensed: no policy and no ACL can ever make one public.
resource "aws_s3_bucket_public_access_block" "results" {
  bucket                  = aws_s3_bucket.results.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# No ACLs: who may read is said in policies only.
resource "aws_s3_bucket_ownership_controls" "results" {
  bucket = aws_s3_bucket.results.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# What a mistake in any role cannot do.
data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.results.arn, "${aws_s3_bucket.results.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
  # Snakemake's S3 plugin deletes a bucket that it believes to be empty.
  statement {
    sid       = "NoJobDeletesTheBucket"
    effect    = "Deny"
    actions   = ["s3:DeleteBucket"]
    resources = [aws_s3_bucket.results.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:${var.partition}:iam::${var.account_id}:role/${var.name}-*"]
    }
  }
}

# Attaches the two denials above.
resource "aws_s3_bucket_policy" "results" {
  bucket     = aws_s3_bucket.results.id
  policy     = data.aws_iam_policy_document.bucket.json
  depends_on = [aws_s3_bucket_public_access_block.results]
}

# What is of no use any more goes (the sources that the executor aws-batch uploads for its jobs), and what is only kept gets
# cheaper: Infrequent Access costs about half, and is read at $0.01 a GB.
resource "aws_s3_bucket_lifecycle_configuration" "results" {
  bucket     = aws_s3_bucket.results.id
  depends_on = [aws_s3_bucket_versioning.results]

  rule {
    id     = "workflow-sources"
    status = "Enabled"
    filter {
      prefix = "${var.results_prefix}/snakemake-workflow-sources"
    }
    expiration {
      days = 30
    }
  }
  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = var.old_version_days
    }
    # What is left of a deleted file when its versions are gone: it costs nothing, and slows every listing down.
    expiration {
      expired_object_delete_marker = true
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
  rule {
    id     = "rarely-read"
    status = "Enabled"
    filter {
      prefix = "${var.results_prefix}/results/"
    }
    # S3 leaves objects under 128 KB where they are by itself: the cheaper class would bill them as that large.
    transition {
      days          = 90
      storage_class = "STANDARD_IA"
    }
  }
}

# Snakemake's S3 plugin deletes the bucket when its last object is removed: this one never is.
resource "aws_s3_object" "sentinel" {
  bucket       = aws_s3_bucket.results.id
  key          = "${var.results_prefix}/.keep"
  content      = "Keeps the bucket from being empty; see terraform/modules/storage.\n"
  content_type = "text/plain"
  depends_on   = [aws_s3_bucket_versioning.results, aws_s3_bucket_policy.results]
}

# The themes of all runs; the keys are those of src/earnings_themes/stores/dynamodb_items.py.
resource "aws_dynamodb_table" "themes" {
  #checkov:skip=CKV_AWS_119:AWS's own key encrypts it; a key of ours costs $1 a month and would be given to the same roles
  name                        = "${var.name}-themes"
  billing_mode                = "PAY_PER_REQUEST" # idle costs nothing but the bytes
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  attribute {
    name = "gsi1pk"
    type = "S"
  }
  attribute {
    name = "gsi1sk"
    type = "S"
  }
  # A firm's topics in all runs, without a scan.
  global_secondary_index {
    name            = "gsi1"
    hash_key        = "gsi1pk"
    range_key       = "gsi1sk"
    projection_type = "ALL"
  }
  # A publish that went wrong can be undone to the second, for 35 days.
  point_in_time_recovery {
    enabled = true
  }
  # AWS's own key, for the same reason as the bucket's.
  server_side_encryption {
    enabled = false
  }
}

# What no role can do with the table, whatever it is allowed: talk to it without TLS.
data "aws_iam_policy_document" "table" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["dynamodb:*"]
    resources = [aws_dynamodb_table.themes.arn, "${aws_dynamodb_table.themes.arn}/index/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

# Attaches the denial above.
resource "aws_dynamodb_resource_policy" "themes" {
  resource_arn = aws_dynamodb_table.themes.arn
  policy       = data.aws_iam_policy_document.table.json
}

# One for the map and the head, one for the reduce: a tag names one image for ever, and each is scanned.
resource "aws_ecr_repository" "image" {
  #checkov:skip=CKV_AWS_136:AWS's own key encrypts it; a key of ours costs $1 a month and would be given to the same roles
  for_each             = toset(["firm-topic-processor", "theme-aggregator"])
  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.force_destroy

  image_scanning_configuration {
    scan_on_push = true
  }
  encryption_configuration {
    encryption_type = "AES256"
  }
}

# An image is about 1 GB, and nobody deletes them by hand.
resource "aws_ecr_lifecycle_policy" "image" {
  for_each   = aws_ecr_repository.image
  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "keep the newest ten"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }
      action       = { type = "expire" }
    }]
  })
}
