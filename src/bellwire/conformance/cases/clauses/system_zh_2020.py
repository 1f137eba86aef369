"""Tencent Xiaowei TVS, namespace System, the Chinese guide of 2020, clause by clause."""

from bellwire.conformance.clause import clauses_of

CLAUSES = clauses_of(
    "tvs-system-2020",
    {
        "SynchronizeState": {
            "sent": "建立新连接时，必须发送SynchronizeState事件到腾讯云小微以更新所有终端状态。",
            "context": "本事件要求客户端将所有状态发送到腾讯云小微。",
            "payload": "应发送空的有效负载。",
            "messageId": "用于表示特定消息的唯一ID。",
        },
        "UserInactivityReport": {
            "sent": (
                "此事件必须在一小时不活动后发送，并在此之后每小时发送一次，直到执行用户操作。",
                "a case would have to wait for an hour",
            ),
            "activity": (
                "用户活动被定义为确认用户存在产品的动作，例如与产品上的按钮交互，与腾讯云小微交谈或使用GUI",
                "it is seen by the report that then comes later: a case would have to wait for an hour",
            ),
            "reset": (
                "检测到用户活动后，用于跟踪不活动的计时器必须重置为0。",
                "it is seen by the report that then comes later: a case would have to wait for an hour",
            ),
            "multiple": "为inactiveTimeInSeconds提供的值应始终为3600（1小时）的倍数。",
            "messageId": "用于表示特定消息的唯一ID。",
            "inactiveTimeInSeconds": "自上次用户交互以来的秒数。",
        },
        "ResetUserInactivity": {
            "resets": (
                "ResetUserInactivity指令发送客户端可以重置UserInactivityReport使用的不活动计时器。",
                "a timer that was reset is seen an hour later; that the directive is taken is a case",
            ),
            "trigger": "应用程序上的用户交互将触发此指令。",
            "messageId": "用于表示特定消息的唯一ID。",
        },
        "SetEndpoint": {
            "region": (
                "客户端连接到的接入点不支持用户的国家/地区设置。",
                "the kit does not know which cloud serves which country",
            ),
            "moved": ("用户更改其国家/地区设置（或地址）。", "the kit does not know which cloud serves which country"),
            "obeys": "SetEndpoint指令指示客户端在满足以下条件时更改接入点",
            "warning": (
                "未能切换接入点可能导致用户无法访问自定义首选项以及国家或地区特定内容。",
                "it says what else goes wrong then",
            ),
            "messageId": "用于表示特定消息的唯一ID。",
            "endpoint": "支持用户的国家/地区设置的腾讯云小微接入点URL，URL可能包括协议和端口。例如： https://tvs.html5.qq.com",
        },
        "SoftwareInfo": {
            "first": "对于具有持久存储的产品，必须在产品的初始引导和固件版本更新时发送事件。",
            "each": (
                "对于没有持久存储的产品，必须在每次启动/重新启动时发送事件。",
                "the kit does not know what a device stores, and can't restart it",
            ),
            "asked": "收到ReportSoftwareInfo指令时。",
            "done": "如果事件处理成功，产品将收到204 HTTP状态码，返回体为空。",
            "not-done": (
                "如果未处理该事件，则产品将收到500 HTTP状态码和异常消息。",
                "the kit can't have a cloud fail; that a device tries again after 500 is a case",
            ),
            "invalid": "如果向腾讯云小微发送了无效值，腾讯云小微会向您的客户端返回HTTP 400状态代码。",
            "zero": '"0"不是有效的固件版本。',
            "messageId": "用于表示特定消息的唯一ID。",
            "firmwareVersion": '32位正整数的字符串形式。 如果向腾讯云小微发送了无效值，腾讯云小微会向您的客户端返回HTTP 400状态代码。 重要信息："0"不是有效的固件版本。',
        },
        "ReportSoftwareInfo": {
            "obeys": "该指令收到时，产品必须使用SoftwareInfo事件向腾讯云小微报告当前软件信息。",
            "messageId": "用于表示特定消息的唯一ID。",
        },
        "ExceptionEncountered": {
            "sent": "当客户端无法执行腾讯云小微下发的指令时，必须发送ExceptionEncountered事件。",
            "context": "本事件要求客户端将所有状态发送到腾讯云小微。",
            "unexpected": "发送给客户端的指令格式不正确或有效负载不符合指令规范。",
            "internal": (
                "设备处理指令时发生错误，并且错误不属于指定的类别。",
                "the kit can't have a device fail inside",
            ),
            "messageId": "用于表示特定消息的唯一ID。",
            "unparsedDirective": "当无法执行指令时，客户端必须将指令作为字符串返回给腾讯云小微。",
            "error": "错误的键/值对。",
            "error.type": "错误类型。错误类型见下面",
            "error.message": "方便记录与问题定位的附加错误信息。",
        },
    },
)
