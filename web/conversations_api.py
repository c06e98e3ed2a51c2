"""The JSON interface to conversations. Whoever knows the id of one may read, rename and delete it."""

from __future__ import annotations

from flask import Response, jsonify

from web.bodies import ConversationBody, ConversationDocument, ConversationsDocument
from web.context import chats
from web.openapi import CONVERSATIONS, api_blueprint, gives, nothing
from web.readers import reader
from web.schemas import ConversationPath, TitleBody

conversations_api = api_blueprint("conversations_api", "/api/conversations", CONVERSATIONS)


@conversations_api.get("", responses=gives(ConversationsDocument))
def conversations() -> Response:
    """List the conversations of the reader whose browser asks, the last used first."""
    listed = chats().conversations.of_reader(reader())
    return jsonify({"conversations": [one.to_json() for one in listed]})


@conversations_api.get("/<conversation_id>", responses=gives(ConversationDocument, 404))
def conversation(path: ConversationPath) -> Response:
    """Give the turns of a conversation, oldest first."""
    store = chats().conversations
    turns = [
        {"question": turn.question, "answer": turn.answer, "asked_at": kept.asked_at, "body": kept.answer}
        for turn, kept in zip(
            store.turns(path.conversation_id), store.kept(path.conversation_id), strict=False
        )
    ]
    return jsonify({**store.summary(path.conversation_id).to_json(), "turns": turns})


@conversations_api.patch("/<conversation_id>", responses=gives(ConversationBody, 404, 413, 415))
def rename(path: ConversationPath, body: TitleBody) -> Response:
    """Give a conversation another title."""
    return jsonify(chats().conversations.rename(path.conversation_id, body.title).to_json())


@conversations_api.delete("/<conversation_id>", responses=gives(None, 404))
def forget(path: ConversationPath) -> Response:
    """Delete a conversation."""
    chats().conversations.forget(path.conversation_id)
    return nothing()
