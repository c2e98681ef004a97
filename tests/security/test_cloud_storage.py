"""What the storage module says of encryption, TLS and old versions; test_whole_path.py sees the same applied."""

import re

from tests.conftest import REPO

STORAGE = (REPO / "terraform/modules/storage/main.tf").read_text(encoding="utf-8")


def block(kind: str, name: str, what: str = "resource") -> str:
    """Return the text of a block."""
    found = re.search(rf'^{what} "{kind}" "{name}" \{{\n(.*?)^\}}', STORAGE, flags=re.DOTALL | re.MULTILINE)
    assert found, f"no {kind} {name}"
    return " ".join(found[1].split())


def test_the_bucket_is_encrypted_private_and_for_tls_alone() -> None:
    assert 'sse_algorithm = "AES256"' in block(
        "aws_s3_bucket_server_side_encryption_configuration", "results"
    )
    private = block("aws_s3_bucket_public_access_block", "results")
    flags = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert all(re.search(rf"{flag} += true|{flag} = true", private) for flag in flags), private
    policy = re.search(r'sid += "TlsOnly"(.*?)\n  \}\n', STORAGE, flags=re.DOTALL)
    assert policy, "no statement TlsOnly"
    said = " ".join(policy[1].split())
    assert 'effect = "Deny"' in said and 'actions = ["s3:*"]' in said
    assert 'resources = [aws_s3_bucket.results.arn, "${aws_s3_bucket.results.arn}/*"]' in said
    assert 'variable = "aws:SecureTransport" values = ["false"]' in said


def test_the_table_is_for_tls_alone() -> None:
    policy = block("aws_iam_policy_document", "table", what="data")
    assert 'effect = "Deny" actions = ["dynamodb:*"]' in policy
    assert 'resources = [aws_dynamodb_table.themes.arn, "${aws_dynamodb_table.themes.arn}/index/*"]' in policy
    assert 'variable = "aws:SecureTransport" values = ["false"]' in policy
    attached = block("aws_dynamodb_resource_policy", "themes")
    assert "resource_arn = aws_dynamodb_table.themes.arn" in attached
    assert "policy = data.aws_iam_policy_document.table.json" in attached


def test_the_bucket_keeps_old_versions_and_the_table_can_be_put_back() -> None:
    assert 'status = "Enabled"' in block("aws_s3_bucket_versioning", "results")
    assert "point_in_time_recovery { enabled = true }" in block("aws_dynamodb_table", "themes")


def test_images_are_encrypted_scanned_and_never_replaced() -> None:
    images = block("aws_ecr_repository", "image")
    for wanted in ('image_tag_mutability = "IMMUTABLE"', "scan_on_push = true", 'encryption_type = "AES256"'):
        assert wanted in images
