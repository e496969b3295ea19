"""Makes a thumbnail of every photograph that is put into a bucket.

Run by an oss trigger: reads the object that the event names, writes out/<name> beside it.
"""
import io
import json
import os

from PIL import Image

from object_storage import Bucket

LONGEST_EDGE = int(os.environ.get("LONGEST_EDGE", "256"))


def handler(event, context):
    made = [thumbnail_of(record, context) for record in json.loads(event)["events"]]
    return {"thumbnails": made}


def thumbnail_of(record, context):
    bucket = Bucket(record["oss"]["bucket"]["name"], context)
    key = record["oss"]["object"]["key"]
    target = "out/" + key.rsplit("/", 1)[-1]
    photograph = bucket.get(key)
    small = shrink(photograph)
    # Who made it: with the request id its log lines and its usage record are found.
    bucket.put(target, small, "image/jpeg", {"request-id": context.request_id})
    print(f"{key}: {len(photograph)} bytes became {target}: {len(small)} bytes")
    return {"key": target, "bytes": len(small)}


def shrink(photograph):
    image = Image.open(io.BytesIO(photograph))
    image.draft("RGB", (LONGEST_EDGE * 2, LONGEST_EDGE * 2))  # Decodes no more than it needs.
    image = image.convert("RGB")
    image.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
