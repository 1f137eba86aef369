"""CLOVA Interface Connect, namespace Alerts, the Korean guide of 2022, clause by clause."""

from bellwire.conformance.clause import clauses_of

CLAUSES = clauses_of(
    "clova-alerts-ko-2022",
    {
        "Introduction": {
            "ACTIONTIMER": "지정한 시간이 경과한 후 특정 동작을 수행하는 알람",
            "ALARM": "지정한 날짜와 시간에 울리는 알람",
            "REMINDER": "지정한 날짜와 시간에 사용자가 입력한 내용을 표시하거나 들려주면서 울리는 알람.",
            "TIMER": "지정한 시간이 경과한 후 울리는 알람",
            "shown": (
                "클라이언트는 알람이 울릴 때 사용자에게 알려줘야 하는 내용을 화면에 표시하거나 음성으로 들려줘야 합니다.",
                "what a screen shows and a loudspeaker plays does not pass the wire; that the spoken label is fetched does (SetAlert)",
            ),
            "app": (
                "사용자는 알람을 음성이나 CLOVA 앱으로 추가할 수 있고 CLOVA 앱으로만 알람을 수정 및 삭제할 수 있습니다.",
                "who may add and change alerts is decided in the owner's program, not on this wire",
            ),
            "kept": "CLOVA는 알람과 관련된 정보를 클라우드 환경에 보관하며, 사용자가 등록한 알람을 필요할 때 클라이언트에 전달합니다.",
            "nearest": "CLOVA는 반복 알람이면 현재 시간에 가장 근접한 알람만 클라이언트에 전달하며, 해당 알람이 중지될 때 다음 차례의 반복 알람을 클라이언트에 전달합니다.",
            "obeys": "CLOVA로부터 지시 메시지를 전달받으면 지시 메시지의 내용에 따라 알람을 등록/수정/삭제해야 합니다.",
            "rings": "알람이 동작해야 하는 시간에 맞춰 알람을 울려줘야 합니다.",
            "reports": "알람을 생성/수정/삭제/시작/중지했을 때 반드시 이를 CLOVA에 보고해야",
            "context": "맥락 객체를 함께 전송하여 클라이언트에 설정된 알람의 상태를 보고해야 합니다.",
            "clock": (
                "따라서, 알람이 정확한 시간에 동작하려면 수시로 클라이언트가 표준 시간 동기화를 수행하도록 만들어야 합니다.",
                "how a device sets its clock does not pass this wire; that it rings on time does (rings)",
            ),
            "added": "사용자 계정을 이용하는 클라이언트 기기가 추가되었을 때",
            "reconnected": "클라이언트가 네트워크 접속 장애와 같은 이유로 CLOVA에 다시 연결될 때",
            "account": (
                "다른 사용자가 사용을 시작하여 클라이언트 기기에 등록된 사용자 계정이 변경될 때",
                "the kit gives a device one token and can't have it change hands; every connection begins with the request (reconnected)",
            ),
            "reset": (
                "클라이언트 기기가 페어링 앱과 연결이 해제된 후 다시 설정될 때",
                "the kit can't reset a device; every connection begins with the request (reconnected)",
            ),
            "forgets": "네트워크가 끊어지거나 사용자 계정 연결이 해제되었을 때 사용자 계정에 등록된 알람 정보를 기기에서 제거해야 합니다.",
        },
        "AlertStarted": {
            "sent": "클라이언트는 알람이 시작되었을 때 반드시 이 이벤트 메시지를 CLOVA에 전송해야 합니다.",
            "token": "시작된 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "AlertStopped": {
            "sent": "클라이언트는 울리던 알람이 중지되었을 때 반드시 이 이벤트 메시지를 CLOVA에 전송해야 합니다.",
            "once": "일반 알람이 중지되었을 때",
            "recurring": "반복 알람이 중지되었을 때",
            "token": "중지된 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "DeleteAlert": {
            "deletes": "클라이언트는 특정 알람을 삭제해야 하며",
            "succeeded": "특정 알람을 삭제하는데 성공했을 때",
            "failed": "특정 알람을 삭제하는데 실패했을 때",
            "token": "삭제해야 할 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "DeleteAlertFailed": {
            "sent": (
                "특정 알람을 삭제하는데 실패하면 반드시 이 이벤트 메시지를 CLOVA에 전송해야 합니다.",
                "the kit can't have a deletion fail inside a device; that a bad one is not carried out is a case",
            ),
            "token": "삭제하지 못한 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "DeleteAlertSucceeded": {
            "sent": "특정 알람을 삭제하는데 성공하면 반드시 이 이벤트 메시지를 CLOVA에 전송해야 합니다.",
            "token": "삭제한 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "RequestAlertStop": {
            "sent": "물리 버튼(Hardware)이나 소프트웨어 버튼으로 알람을 중지했을 때 이 이벤트 메시지를 CLOVA에 전송해야 합니다.",
            "answered": "나중에 CLOVA로부터 [`Alerts.StopAlert`](#StopAlert) 지시 메시지를 받게됩니다.",
            "waits": "지시 메시지를 받은 후 알람을 종료해야 합니다.",
            "mutes": (
                "알람 표시를 임의로 없애거나 알람 소리를 무음으로 바꾸는 방식으로 대응할 수 있습니다.",
                "what is shown and heard does not pass the wire",
            ),
            "token": "중지할 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "RequestDeleteAlert": {
            "sent": "물리 버튼(Hardware)이나 소프트웨어 버튼으로 알람을 삭제했을 때 이 이벤트 메시지를 CLOVA에 전송해야 합니다.",
            "answered": "나중에 [`Alerts.DeleteAlert`](#DeleteAlert) 지시 메시지를 받게 됩니다.",
            "waits": "지시 메시지를 받은 후 알람을 삭제해야 합니다.",
            "hides": (
                "지시 메시지를 받기 전까지 알람 표시를 임의로 없애는 방식으로 대응하면 됩니다.",
                "what is shown does not pass the wire",
            ),
            "token": "중지할 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "RequestSynchronizeAlert": {
            "answered": "CLOVA가 이 이벤트 메시지를 받으면, 클라이언트에 [`Alerts.SynchronizeAlert`](#SynchronizeAlert) 지시 메시지를 전송합니다.",
            "payload": "없음",
        },
        "SetAlert": {
            "adds": "필드의 값과 같은 식별자를 가진 알람이 현재 클라이언트의 기기에 없으면",
            "changes": "필드의 값과 같은 식별자를 가진 알람이 현재 클라이언트의 기기에 있으면",
            "succeeded": "특정 알람을 추가/수정하는데 성공했을 때",
            "failed": "특정 알람을 추가/수정하는데 실패했을 때",
            "bell": (
                "클라이언트는 알람의 종류(`type`)에 따라 클라이언트가 보유하고 있는 벨소리 중 그에 맞는 벨소리를 울려야 합니다.",
                "what a loudspeaker plays does not pass the wire",
            ),
            "downloads": "형태이면 클라이언트는 해당 URI로부터 오디오 콘텐츠를 다운로드하여 알람을 울려야 할 때 재생해야 합니다.",
            "skips": "만약 클라이언트가 해당 오디오 콘텐츠를 다운로드할 수 없거나 재생할 수 없는 상태라면 오디오 재생을 생략해야 합니다.",
            "goes-on": (
                "타입이면 알람이 반복적으로 재생되어야 합니다.",
                "what a loudspeaker plays does not pass the wire; that the alert goes on ringing does (AlertStarted)",
            ),
            "repeats": (
                "타입의 알람을 울려야 할 때 이 배열에 명시된 순서대로 오디오 콘텐츠 재생을 반복합니다.",
                "what a loudspeaker plays does not pass the wire; that the alert goes on ringing does (AlertStarted)",
            ),
            "assets[]": '리마인더(`"REMINDER"`), 액션 타이머(`"ACTIONTIMER"`),',
            "assets[].assetId": "TTS 오디오의 식별자",
            "assets[].url": 'TTS 오디오의 URI. 만약, 이 필드의 값이 `"clova://alert/bell/{type}"` 형태이면,',
            "assetPlayOrder[]": "`assets` 필드에 있는 TTS 오디오의 재생 순서를 저장하고 있는 배열.",
            "label": "리마인더나 액션 타이머의 내용",
            "scheduledTime": '알람이 울릴 날짜와 시간 정보(`"YYYY-MM-DDThh:mm:ssZ"` 포맷)',
            "token": "추가 또는 수정해야 할 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "SetAlertFailed": {
            "sent": "특정 알람을 추가 또는 수정하는데 실패하면 반드시 이 이벤트 메시지를 CLOVA에 전송해야 합니다.",
            "token": "추가 또는 수정하지 못한 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "SetAlertSucceeded": {
            "sent": "특정 알람을 추가 또는 수정하는데 성공하면 반드시 이 이벤트 메시지를 CLOVA에 전송해야 합니다.",
            "token": "추가 또는 수정한 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "StopAlert": {
            "stops": "클라이언트는 지정된 알람을 중지해야 하며",
            "token": "중지해야 할 알람의 식별자",
            "type": "알람의 종류. 다음과 같은 값을 가집니다.",
        },
        "SynchronizeAlert": {
            "obeys": "클라이언트는 CLOVA가 전달한 데이터에 맞게 클라이언트에 설정된 알람 값을 변경해야 합니다.",
            "allAlerts[]": "클라이언트가 동기화해야 할 알람 목록을 가지는 객체 배열.",
        },
    },
)
