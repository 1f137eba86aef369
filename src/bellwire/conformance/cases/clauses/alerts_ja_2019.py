"""CLOVA Interface Connect, namespace Alerts, the Japanese guide of 2019, clause by clause."""

from bellwire.conformance.clause import clauses_of

CLAUSES = clauses_of(
    "clova-alerts-ja-2019",
    {
        "Introduction": {
            "ACTIONTIMER": "指定された時間が過ぎると、特定の動作を実行します。",
            "ALARM": "指定された日付と時刻にアラームを鳴らします。",
            "REMINDER": "指定された日付と時刻に、ユーザーが入力した内容を表示するか、音声で再生してアラームを鳴らします。",
            "TIMER": "指定された時間が過ぎると、アラームを鳴らします。",
            "shown": (
                "ユーザーにリマインドする内容を画面に表示したり、音声で再生する必要があります。",
                "what a screen shows and a loudspeaker plays does not pass the wire; that the spoken label is fetched does (SetAlert)",
            ),
            "app": (
                "ユーザーは、アラームを音声またはClovaアプリで追加できます。アラームの編集および削除は、Clovaアプリでのみ可能です。",
                "who may add and change alerts is decided in the owner's program, not on this wire",
            ),
            "kept": "Clovaは、アラームに関連する情報をクラウドに保存し、ユーザーが設定したアラームをCICを介してクライアントに送信します。",
            "nearest": "Clovaは、スヌーズアラームの場合、現在の時刻にもっとも近いアラームのみをクライアントに送信します。",
            "obeys": "CICからディレクティブを受信すると、ディレクティブの内容に応じてアラームを設定・編集・削除します。",
            "rings": "指定された時刻にアラームを実行します。",
            "reports": "アラームを設定・編集・削除・開始・停止した場合、必ずCICにレポートする必要があります。",
            "context": "コンテキストオブジェクトを含めて、クライアントに設定されているアラームの状態をレポートする必要があります。",
            "added": "ユーザーアカウントを利用するクライアントデバイスが追加されたとき",
            "reconnected": "クライアントがネットワーク接続障害などの理由により、CICに再接続するとき",
            "account": (
                "他のユーザーが使用を開始したため、クライアントデバイスに登録されているユーザーアカウントが変更されたとき",
                "the kit gives a device one token and can't have it change hands; every connection begins with the request (reconnected)",
            ),
            "reset": (
                "クライアントデバイスとペアリングアプリとの接続が解除され、再設定されるとき",
                "the kit can't reset a device; every connection begins with the request (reconnected)",
            ),
            "forgets": "ネットワークが切れたり、ユーザーアカウントの連携が解除されたら、アカウントに設定されているアラームデータをデバイスから削除する必要があります。",
        },
        "AlertStarted": {
            "sent": "クライアントは、アラームが開始したら、必ずこのイベントをCICに送信する必要があります。",
            "token": "開始したアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "AlertStopped": {
            "sent": "クライアントは、鳴っていたアラームが停止した場合、必ずこのイベントをCICに送信する必要があります。",
            "once": "普通のアラームが停止した場合",
            "recurring": "スヌーズアラームが停止した場合",
            "token": "停止したアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "DeleteAlert": {
            "deletes": "クライアントは特定のアラームを削除し、その結果を次のイベントでCICにレポートする必要があります。",
            "succeeded": "特定のアラームを正常に削除した場合",
            "failed": "特定のアラームを削除できなかった場合",
            "token": "削除するアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "DeleteAlertFailed": {
            "sent": (
                "特定のアラームを削除できなかった場合、必ずこのイベントをCICに送信する必要があります。",
                "the kit can't have a deletion fail inside a device; that a bad one is not carried out is a case",
            ),
            "token": "削除できなかったアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "DeleteAlertSucceeded": {
            "sent": "特定のアラームを正常に削除した場合、必ずこのイベントをCICに送信する必要があります。",
            "token": "削除したアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "RequestAlertStop": {
            "sent": "アラームを停止した場合、CICにこのイベントを送信する必要があります。",
            "answered": "後でCICから[`Alerts.StopAlert`](#StopAlert)ディレクティブを受信します。",
            "waits": "ディレクティブを受信してからアラームを終了する必要があります。",
            "mutes": (
                "アラームの表示を止めるか、アラーム音をミュートにするなどの処理をする必要があります。",
                "what is shown and heard does not pass the wire",
            ),
            "token": "停止するアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "RequestSynchronizeAlert": {
            "answered": "CICはこのイベントを受信すると、クライアントに[`Alerts.SynchronizeAlert`](#SynchronizeAlert)ディレクティブを送信します。",
            "payload": "なし",
        },
        "SetAlert": {
            "adds": "フィールドの値と同じ識別子を持つアラームが、現在クライアントデバイスにない場合",
            "changes": "フィールドの値と同じ識別子を持つアラームが、現在クライアントデバイスにある場合",
            "succeeded": "特定のアラームを正常に追加した場合",
            "failed": "特定のアラームを追加できなかった場合",
            "bell": (
                "クライアントが持っている着信音のうち、適切なものを再生する必要があります。",
                "what a loudspeaker plays does not pass the wire",
            ),
            "assets[]": 'リマインダー（`"REMINDER"`）またはアクションタイマー（`"ACTIONTIMER"`）タイプのアラームが実行される際、',
            "assets[].assetId": "TTSオーディオの識別子",
            "assets[].url": 'TTSオーディオのURIもしこのフィールドの値が`"clova://alert/bell/{type}"`形式の場合、クライアントはアラームの種類（`type`）によって、',
            "assetPlayOrder[]": "`assets`フィールド内のTTSオーディオの再生順序を保存している配列。",
            "label": "リマインダーまたはアクションタイマーの内容",
            "scheduledTime": "アラームを鳴らす日付と時間の情報（YYYY-MM-DDThh:mm:ssZの形式）",
            "token": "追加または編集するアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "SetAlertFailed": {
            "sent": "特定のアラームを追加または編集できなかった場合、必ずこのイベントをCICに送信する必要があります。",
            "token": "追加または編集できなかったアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "SetAlertSucceeded": {
            "sent": "特定のアラームを正常に追加または編集した場合、必ずこのイベントをCICに送信する必要があります。",
            "token": "追加または編集したアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "StopAlert": {
            "stops": "クライアントは指定されたアラームを停止し",
            "token": "停止するアラームの識別子",
            "type": "アラームの種類。次のいずれかになります。",
        },
        "SynchronizeAlert": {
            "obeys": "CICから受信したデータに応じて、クライアントに設定されているアラームの値を変更する必要があります。",
            "allAlerts[]": "クライアントが同期すべきアラームのリストを含むオブジェクト配列。",
        },
    },
)
