"""The tables of docs/isolation.md, made from the attacks themselves."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/isolation.md"
ON_TEMPLATES = "src/sandbox/template_attacks_test.cc"
BEGIN, END = "<!-- made by tests/isolation/run --write -->\n", "<!-- end -->\n"


def cell(text):
    return text.replace("|", " or ").replace("*", "")


def proof(attack):
    """How it is known that the attack is one."""
    if attack.why_never:
        return "not tried: " + attack.why_never
    return "possible" if attack.outside_seen.startswith("possible") else "not refused"


def tables(attacks):
    lines = []
    kind = None
    for attack in attacks:
        if attack.kind != kind:
            kind = attack.kind
            lines += ["", f"### {kind[0].upper()}{kind[1:]}", "", "| A function | would have | must see | outside, as root |",
                      "| --- | --- | --- | --- |"]
        only = f" ({', '.join(attack.runtimes)} only)" if attack.runtimes else ""
        lines.append(f"| {attack.name}{only} | {cell(attack.stands_for)} | {cell(attack.seen)} | {proof(attack)} |")
    return "\n".join(lines + templates()).lstrip("\n") + "\n"


def templates():
    """Those on templates are unit tests, since what becomes of a template is seen there at once."""
    names = re.findall(r"TEST_F\(TemplateAttacks, (\w+)\)", (ROOT / ON_TEMPLATES).read_text())
    sentences = [re.sub(r"(?<!^)([A-Z])", lambda m: " " + m[1].lower(), name) for name in names]
    return ["", "### Templates", "", f"Tried by code while it is loaded in a template (`{ON_TEMPLATES}`).", "",
            *(f"- {sentence}" for sentence in sentences)]


def write(attacks):
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + tables(attacks) + END + rest.partition(END)[2])


def trouble(attacks):
    """"" if the document says what the suite does."""
    written = DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0]
    return "" if written == tables(attacks) else "docs/isolation.md is stale: tests/isolation/run --write"
