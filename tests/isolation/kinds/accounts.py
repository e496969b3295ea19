"""A function that uses the keys it is given, and its owner's, on what belongs to another account."""
import functools
import json

from attack import Attack

KIND = "other accounts"
THIEF, TREASURE = "thief", "treasure"  # A function with a role; the other account's function and bucket.

# boto3 is the host's, as every Python function sees it.
ASK = """
import boto3, botocore.config, botocore.exceptions, os
keys = {'aws_access_key_id': context.credentials.access_key_id,
        'aws_secret_access_key': context.credentials.access_key_secret,
        'aws_session_token': context.credentials.security_token}
keys.update(@CHANGES@)
s3 = boto3.client('s3', endpoint_url=os.environ['EBB_S3_ENDPOINT'], region_name='us-east-1', **keys,
                  config=botocore.config.Config(retries={'max_attempts': 0}, s3={'addressing_style': 'path'}))
def own_bucket():
    try:
        s3.create_bucket(Bucket='thief-own')
    except s3.exceptions.BucketAlreadyOwnedByYou:
        pass
    return 'thief-own'
try:
    seen = @ASK@
except botocore.exceptions.ClientError as e:
    seen = e.response['Error']['Code']
"""
REFUSED = "AccessDenied|NoSuchBucket"
UNKNOWN_KEY = "InvalidAccessKeyId|AccessDenied|InvalidToken|SignatureDoesNotMatch"
OBJECT = "Bucket='treasure', Key='secret'"
# What it asks of the buckets with its own keys: sentence, what for, the expression, what must be seen.
WITH_ITS_KEYS = (
    ("uses its keys where they are good", "nothing: without it the next would prove nothing",
     "s3.put_object(Bucket=own_bucket(), Key='k', Body=b'own') and s3.get_object(Bucket='thief-own', Key='k')['Body'].read()",
     "b'own'"),
    ("reads an object of another account", "all its data", f"s3.get_object({OBJECT})['Body'].read()", REFUSED),
    ("copies an object of another account into its own bucket", "the same",
     "s3.copy_object(Bucket=own_bucket(), Key='k', CopySource='treasure/secret')", REFUSED),
    ("lists the objects of another account", "their names", "s3.list_objects_v2(Bucket='treasure')['Contents']", REFUSED),
    ("lists the buckets of another account", "the same",
     "[b['Name'] for b in s3.list_buckets()['Buckets'] if b['Name'] != 'thief-own']", "[[]]"),
    ("writes over an object of another account", "its data, spoilt", f"s3.put_object({OBJECT}, Body=b'spoilt')", REFUSED),
    ("removes an object of another account", "the same", f"s3.delete_object({OBJECT})", REFUSED),
    ("removes the bucket of another account", "the same", "s3.delete_bucket(Bucket='treasure')", REFUSED),
)
# Names of buckets are an account's own: this one is empty.
SAME_NAME = ("s3.create_bucket(Bucket='treasure') and [s3.list_objects_v2(Bucket='treasure')['KeyCount'], "
             "s3.delete_bucket(Bucket='treasure')['ResponseMetadata']['HTTPStatusCode']]")


def ask(arena, expression, changes="{}"):
    arena.deploy_thief()
    return arena.call(THIEF, "code\n" + ASK.replace("@CHANGES@", changes).replace("@ASK@", expression))


def with_its_keys(expression, arena, _runtime):
    return ask(arena, expression)


# The token says whose it is, and is signed.
BENT_TOKENS = ("t.replace(os.environ['FC_ACCOUNT_ID'], other)", "t[:-1] + ('A' if t[-1] != 'A' else 'B')", "t + t", "''")


def bend_token(arena, _runtime):
    seen = []
    for bent in BENT_TOKENS:
        changes = (f"(lambda t, other: {{'aws_session_token': {bent} or None}})"
                   f"(keys['aws_session_token'], {arena.other_account!r})")
        seen.append(ask(arena, f"s3.get_object({OBJECT})['Body'].read()", changes))
    other = [said for said in seen if said not in UNKNOWN_KEY.split("|") + REFUSED.split("|")]
    return other[0] if other else "refused"


COMMANDS = (("ls",), ("invoke", TREASURE, ""), ("logs", TREASURE), ("exec", TREASURE, "--", "true"), ("rm", TREASURE))


def manage(environment, arena):
    """What the management API gives away to these keys; "refused" if nothing."""
    for command in COMMANDS:
        done = arena.ebb(*command, environment=environment)
        listed = command == ("ls",)  # One's own may be listed.
        if arena.other_mark in done.stdout or (TREASURE in done.stdout if listed else done.returncode == 0):
            return f"possible: {' '.join(command)}: {done.stdout[:200]}"
    return "refused"


def lend_keys(arena, _runtime):
    """Somebody outside has the keys that the function was given."""
    arena.deploy_thief()
    given = arena.call(THIEF, "code\nimport json\nseen = json.dumps([context.credentials.access_key_id, "
                              "context.credentials.access_key_secret])")
    key, secret = json.loads(given)
    for account in (arena.other_account, arena.server.cli()["accountId"]):
        said = manage({"EBB_ACCESS_KEY_ID": key, "EBB_ACCESS_KEY_SECRET": secret, "EBB_ACCOUNT": account}, arena)
        if said != "refused":
            return said
    return said


def own_key_for_another(arena, _runtime):
    return manage({"EBB_ACCOUNT": arena.other_account}, arena)


def attacks(wanted):
    no_proof = "the other account's own keys are let in, see the suite"
    entries = [Attack(KIND, name, stands_for, seen, functools.partial(with_its_keys, expression), ("python",),
                      why_never=no_proof) for name, stands_for, expression, seen in WITH_ITS_KEYS]
    entries += [
        Attack(KIND, "makes a bucket that is called as one of another account", "what is uploaded there", "[[]0, 204]",
               functools.partial(with_its_keys, SAME_NAME), ("python",), why_never=no_proof),
        Attack(KIND, "bends the token of its keys to another account", "all data of all accounts", "refused", bend_token,
               ("python",), why_never=no_proof),
        Attack(KIND, "lends its keys to somebody outside, who manages functions with them",
               "all functions of its account, and of others", "refused", lend_keys, ("python",), why_never=no_proof),
        Attack(KIND, "has its owner ask for another account's function, logs and instances", "the same", "refused",
               own_key_for_another, ("python",), why_never=no_proof)]
    return [e for e in entries if wanted(e.name) or wanted(e.kind)]
