"""The texts of error pages, in English and simplified Chinese. Pure."""

from __future__ import annotations

from dataclasses import dataclass

YOU, COMFYUI = "you", "comfyui"


@dataclass(frozen=True)
class Text:
    """What a page says about a status, and which part it affects; `happened` is for responses without their own message."""

    affected: str
    title: str
    happened: str
    remedy: str


@dataclass(frozen=True)
class Labels:
    parts: tuple[str, str, str]
    good: str
    bad: str
    attention: str
    happened: str
    remedy: str
    help: str
    ask: str
    request_id: str


LABELS = {
    "en": Labels(
        parts=("You", "Gateway", "ComfyUI"),
        good="✓ Working",
        bad="✗ Not working",
        attention="! Needs attention",
        happened="What happened",
        remedy="What you can do",
        help="Help",
        ask="If this does not help, ask the person who runs this server, and give them the request id.",
        request_id="Request id:",
    ),
    "zh": Labels(
        parts=("您", "网关", "ComfyUI"),
        good="✓ 正常",
        bad="✗ 异常",
        attention="! 请留意",  # noqa: RUF001
        happened="发生了什么",
        remedy="您可以做什么",
        help="帮助",
        ask="如果问题仍然存在，请联系服务器管理员，并提供请求编号。",  # noqa: RUF001
        request_id="请求编号：",  # noqa: RUF001
    ),
}

_ENGLISH = {
    400: Text(YOU, "Malformed request", "ComfyUI cannot read this request.", "Check the address for typing errors."),
    403: Text(YOU, "Access denied", "This is not available to you.", "Go back to ComfyUI."),
    404: Text(YOU, "Not found", "There is nothing at this address.", "Check the address, or go back to ComfyUI."),
    405: Text(YOU, "Not allowed here", "This address accepts other requests only.", "Go back to ComfyUI."),
    413: Text(YOU, "File too large", "ComfyUI accepts only smaller files.", "Send a smaller file."),
    429: Text(YOU, "Too many at once", "Too many of your requests are waiting.", "Wait until some of them have finished."),
    500: Text(COMFYUI, "Something went wrong", "ComfyUI could not complete this request.", "Try again."),
    503: Text(COMFYUI, "ComfyUI is not ready", "ComfyUI cannot check who you are.", "This page tries again every few seconds."),
    507: Text(YOU, "No storage left", "Nothing was saved.", "Delete files that you do not need, then try again."),
}
_CHINESE = {
    400: Text(YOU, "请求格式错误", "ComfyUI 无法读取此请求。", "请检查网址是否输入正确。"),
    403: Text(YOU, "拒绝访问", "您无法使用此功能。", "请返回 ComfyUI。"),
    404: Text(YOU, "未找到", "此网址没有内容。", "请检查网址，或返回 ComfyUI。"),  # noqa: RUF001
    405: Text(YOU, "不支持此操作", "此网址只接受其他请求。", "请返回 ComfyUI。"),
    413: Text(YOU, "文件过大", "ComfyUI 只接受较小的文件。", "请发送较小的文件。"),
    429: Text(YOU, "同时请求过多", "您有过多的请求正在等待。", "请等待其中一些完成。"),
    500: Text(COMFYUI, "出错了", "ComfyUI 未能完成此请求。", "请重试。"),
    503: Text(COMFYUI, "ComfyUI 尚未就绪", "ComfyUI 无法确认您的身份。", "请稍候：此页面每隔几秒会自动重试。"),  # noqa: RUF001
    507: Text(YOU, "存储空间不足", "没有保存任何内容。", "请删除不需要的文件，然后重试。"),  # noqa: RUF001
}
_TEXTS = {"en": _ENGLISH, "zh": _CHINESE}


def text_of(language: str, status: int) -> Text:
    """The text for a status; one that has none of its own gets that of its class."""
    texts = _TEXTS[language]
    return texts.get(status) or texts[500 if status >= 500 else 400]
