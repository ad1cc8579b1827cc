# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What the comments of the protos say to programs: which errors a method can answer.

A method's paragraph "Errors: …" names its own; its service's paragraph "Every method can also answer …" names those of
all, and the "Errors: …" in the paragraph "The methods that create …" those of methods with a location. A reason is an
upper-case word of at least four letters, with a note in parentheses behind it where there is one.
"""
import re

REASON = re.compile(r"\b([A-Z][A-Z_]{3,})\b(?: \(([^()]*)\))?")
ALL = "Every method can also answer"
CREATING = "The methods that create"
ERRORS = "Errors: "


def paragraphs(comment):
    """The comment's paragraphs, each as one line. "Errors:" at the beginning of a line begins one."""
    text = re.sub(r"\n *Errors:", "\n\nErrors:", comment)
    return [re.sub(r"\s*\n\s*", " ", paragraph).strip() for paragraph in re.split(r"\n *\n", text)]


def prose(comment):
    """The comment without what it says about errors, as paragraphs."""
    return [text for text in paragraphs(comment) if not text.startswith((ERRORS, ALL, CREATING))]


def _reasons(texts, opening):
    """{reason: note} of what stands behind the opening in the texts."""
    return dict(REASON.findall(" ".join(text.partition(opening)[2] for text in texts)))


def errors_of(method):
    """{reason: note, "" for none} of what the method's own comment names."""
    return _reasons(paragraphs(method.comment), ERRORS)


def errors_of_all(service):
    """{reason: note} of what each method of the service can answer."""
    return _reasons(paragraphs(service.comment), ALL)


def errors_of_creating(service):
    """{reason: note} of what the methods of the service that create can answer beside that."""
    return _reasons([text for text in paragraphs(service.comment) if text.startswith(CREATING)], ERRORS)


def reasons_of(service):
    """(element, reason) for everything that the comments of a service and its methods name."""
    for reason in [*errors_of_all(service), *errors_of_creating(service)]:
        yield service, reason
    for method in service.methods:
        for reason in errors_of(method):
            yield method, reason
