"""`files.*`: enough to upload a file and to share it in a message."""

from funade.playground.errors import Json, SlackError, missing
from funade.playground.methods.call import Call, Method
from funade.playground.posted import stored_text
from funade.playground.posting import bot_message

LONGEST_ALT_TEXT = 1000


def upload_address(call: Call) -> Json:
    name = call.required("filename")
    if not call.text("length"):
        raise missing("length")
    if len(call.text("alt_txt")) > LONGEST_ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    file_id = call.workspace.new_id("F")
    call.workspace.files[file_id] = {
        "id": file_id,
        "name": name,
        "size": call.number("length", 0),
        "app": call.app.id,
        "content": None,
    }
    return {"upload_url": f"{call.workspace.address}/upload/{file_id}", "file_id": file_id}


def complete_upload(call: Call) -> Json:
    given = call.thing("files", list) or []
    if not given:
        raise missing("files")
    shared = []
    for one in given:
        file = call.workspace.files.get(one.get("id", "")) if isinstance(one, dict) else None
        if file is None or file["app"] != call.app.id or file["content"] is None or "user" in file:
            raise SlackError("file_not_found")
        title = one.get("title") or file["name"]
        now = int(call.workspace.clock.now())
        shared.append(
            {"id": file["id"], "created": now, "name": file["name"], "title": title, "user": call.bot.id}
        )
        file |= {"user": call.bot.id}
    if call.text("channel_id"):
        channel = call.member_channel("channel_id")
        message = bot_message(
            call.workspace,
            call.app,
            channel,
            text=stored_text(call.text("initial_comment")),
            blocks=[],
            attachments=[],
        )
        message.subtype = "file_share"
        message.thread_ts = call.text("thread_ts")
        message.extra = {"files": shared, "upload": False}
        call.stage.board.post(message)
    return {"files": [{"id": one["id"], "title": one["title"]} for one in shared]}


METHODS = {
    "files.completeUploadExternal": Method(complete_upload, 4, ("files:write",)),
    "files.getUploadURLExternal": Method(upload_address, 4, ("files:write",)),
}
