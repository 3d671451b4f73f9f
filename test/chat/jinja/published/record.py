"""Records Jinja2's results for published chat templates with the conversations in conversations.json.

    python3 test/chat/jinja/published/record.py FOLDER     (of *.jinja files; needs Jinja2 3.1)

FOLDER is the one that `test/support/llama-cpp-models.ts` checks out: .cache/llama.cpp-of-…/models/templates. The templates are
not part of this repository, so recorded.json has only the length of each prompt and the first half of its SHA-256, or the
name of the exception, by template and conversation: one for both line endings, or a pair.
"""

import hashlib
import importlib.util
import json
import pathlib
import sys

here = pathlib.Path(__file__).parent


def environment_of_chats():
    spec = importlib.util.spec_from_file_location("record", here.parent / "record.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.environment()


def outcome(environment, source, variables):
    try:
        text = environment.from_string(source).render(**variables)
    except Exception as error:
        return type(error).__name__
    return f"{len(text)} {hashlib.sha256(text.encode('utf-8')).hexdigest()[:32]}"


def one_or_both(outcomes):
    return outcomes[0] if outcomes[0] == outcomes[1] else outcomes


def main():
    environment = environment_of_chats()
    conversations = json.loads((here / "conversations.json").read_text("utf-8"))
    recorded = {}
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jinja")):
        source = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
        forms = (source, source.replace("\n", "\r\n"))
        recorded[path.stem] = {
            name: one_or_both([outcome(environment, form, variables) for form in forms])
            for name, variables in conversations.items()
        }
    (here / "recorded.json").write_text(json.dumps(recorded, indent=1) + "\n", "utf-8")
    print(f"{len(recorded)} templates, {len(conversations)} conversations")


main()
