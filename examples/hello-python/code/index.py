import json


def handler(event, context):
    name = json.loads(event or b"{}").get("name", "world")
    print("greeting", name)
    return f"hello {name}, from {context.function.name}"
