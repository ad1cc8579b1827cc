# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A group that tests of changes start from, and devices that look at it."""
import pytest
from api_client import Person
from device import Device
from parley_pb import chat_service_pb2 as chats

# pylint: disable=redefined-outer-name

OWNER, ADMIN, MEMBER = chats.ROLE_OWNER, chats.ROLE_ADMIN, chats.ROLE_MEMBER
ROLES = {OWNER: "owner", ADMIN: "admin", MEMBER: "member"}


def named(person, role=chats.ROLE_UNSPECIFIED):
    """A participant in a request."""
    return chats.NewParticipant(user_id=person.user_id, role=role)


class Group:
    """Olga owns it, adam is an admin, mary a member; sam is not in it."""

    def __init__(self, world, **fields):
        self.world = world
        self.olga, self.adam, self.mary, self.sam = (Person(world.backend, name)
                                                     for name in ("olga", "adam", "mary", "sam"))
        self.people = {"olga": self.olga, "adam": self.adam, "mary": self.mary, "sam": self.sam}
        self.chat_id = self.olga.api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=[
            named(self.adam, ADMIN), named(self.mary)], **fields).chat_id

    def roles(self):
        """Who is in it, by name."""
        names = {person.user_id: name for name, person in self.people.items()}
        found = self.world.backend_as(self.olga).ListParticipants(chat_id=self.chat_id).participants
        return {names[participant.user_id]: ROLES[participant.role] for participant in found}

    def say(self, person, text):
        """A message; its seq."""
        return person.api.SendMessage(chat_id=self.chat_id, content=text).seq

    def update(self, api, **fields):
        """UpdateParticipants."""
        return api.UpdateParticipants(chat_id=self.chat_id, **fields)

    def close(self):
        """Closes every connection."""
        for person in self.people.values():
            person.api.close()


@pytest.fixture
def group(world):
    """A fresh group."""
    group = Group(world)
    yield group
    group.close()


@pytest.fixture
def devices(server):
    """Makes devices that are closed at the end."""
    made = []

    def make(person, **options):
        made.append(Device(server.address, person.token, **options))
        made[-1].wait_for(lambda device: device.caught_up)
        return made[-1]

    yield make
    for device in made:
        device.close()


def seqs(device, chat_id):
    """The places of the chat that the device has."""
    return [entry.seq for entry in device.entries[chat_id]]


def wait_for(device, chat_id, seq):
    """Until the device has this entry."""
    device.wait_for(lambda device: seq in seqs(device, chat_id))
