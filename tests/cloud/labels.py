"""Labels as people write them, by the language of their account: what speech is measured with."""

LABELS = {
    "ko": """
약 드실 시간입니다|아침 약|점심약 먹기|혈압약 1알|비타민 C 먹기|회의|주간 회의 10:30|7시 30분 회의|오후 3시 팀 회의
Zoom 회의 2시|빨래 널기|빨래 걷기|세탁기 끝남|분리수거|쓰레기 버리기|설거지|청소기 돌리기|엄마 생신|아버지 생일
김민수 생일 축하|결혼기념일|12월 25일 크리스마스|10월 3일 개천절|6월 6일 현충일|12/25 선물|병원 예약 14:00
치과 가기|은행 9시 30분|유치원 하원|아이 데리러 가기|학원 버스 4시 10분|물 마시기|운동 30분|요가 1시간
스트레칭 10번|강아지 산책|고양이 밥|화분 물 주기|가스 잠그기|라면 3분|계란 삶기 8분|밥 다 됨|택배 받기|전기세 납부
월세 500,000원|카드값 결제|할인 50%|체온 36.5℃|전화 010-1234-5678|이서연 선생님께 전화|KTX 예매|TV 드라마 9시
20살 생일|기상|취침|새해 2027년 1월 1일|B12 비타민|커피 & 케이크|9시~10시 수업|ㅋㅋㅋ|인슐린 주사|레터 쓰기
회의 會議|약 😀|“약”|[중요] 회의|넷플릭스
""",
    "ja": """
薬の時間|朝の薬を飲む|お薬を1日3回|薬2錠|血圧の薬|目薬をさす|インスリン注射|会議|7時30分に会議|10:30 定例会議
明日の会議は三時から|Zoomで打ち合わせ|洗濯物を取り込む|洗濯機が終わりました|ゴミ出し|今日は燃えるゴミの日|資源ゴミ
掃除|皿洗い|母の誕生日|お父さんの誕生日|田中さん誕生日おめでとう|結婚記念日|12月25日クリスマス|1月1日 元日
11/23 勤労感謝の日|歯医者へ行く|病院 14:00|銀行に行く|保育園のお迎え|子供を迎えに行く|塾のバス 4時10分
水を飲みましょう|運動30分|ヨガ1時間|犬の散歩|猫にご飯をあげる|花に水をやる|ガスを止める|ラーメン3分|ゆで卵8分
ご飯が炊けました|コーヒーを淹れる|荷物を受け取る|電気代の支払い|家賃 50,000円|セール50%オフ|体温36.5℃
電話 03-1234-5678|佐々木先生に電話する|髙橋さん|新幹線の予約|テレビ 9時|二十歳の誕生日|一人で二階へ|起きる時間
おやすみなさい|2027年1月1日|令和八年|ビタミンCを飲む|TVを見る|9時~10時 授業|出発10分前|出発１０分前|鱻を食べる
ねぇ、まぁ|「会議」・『昼』|★会議☆|薬 😀|おくすりのじかんです|ｶﾀｶﾅ|パーティー|ヴァイオリン|人々|学校を出る時間です
第1回|6本と3匹|①買い物②料理|㎏を測る|ゎ|東京都千代田区|Happy Birthday さくら|スーパー→郵便局
""",
    "zh": """
吃药的时间到了|早上的药|吃药2片|血压药|维生素C|打胰岛素|会议|7:30 会议|上午10点30分开会|下午3点小组会议
Zoom 会议 14:00|晒衣服|收衣服|洗衣机好了|倒垃圾|垃圾分类|洗碗|打扫房间|妈妈生日|爸爸的生日|祝李明生日快乐
结婚纪念日|12月25日圣诞节|10月1日国庆节|12/25 礼物|看医生|去看牙医|银行 9:30|接孩子放学|送孩子去学校|校车 4点10分
喝水|运动30分钟|瑜伽1小时|遛狗|喂猫|给花浇水|关煤气|方便面3分钟|煮鸡蛋8分钟|饭煮好了|咖啡|取快递|交电费|房租2000元
打折50%|体温36.5℃|电话 010-12345678|给王老师打电话|订高铁票|看电视 9点|20岁生日|起床|睡觉|2027年1月1日|B12 维生素
咖啡 & 蛋糕|9:00~10:00 上课|出发前10分钟|會議|吃藥時間|媽媽生日|洗衣服|倒垃圾囉|臺北車站|“吃药”|【重要】会议|药 😀
龘|人々|两点五十|7:05|0:30|￥100|7点半起床|Happy Birthday 妈妈|第3次
""",
    "en": """
Take your medicine|Morning pills|Vitamin C|Insulin 10 units|Meeting|Meeting at 7:30|Weekly stand-up 10:30
Zoom call at 2 pm|Laundry|Move the laundry to the dryer|Take out the trash|Recycling|Dishes|Vacuum|Mom's birthday
Dad's birthday|Happy birthday Zoë|Anniversary|Christmas 12/25|July 4th|Dentist at 14:00|Doctor's appointment
Pick up the kids|School bus 4:10|Drink water|Exercise for 30 minutes|Yoga 1 hour|Walk the dog|Feed the cat
Water the plants|Turn off the stove|Pasta 3 min|Boiled eggs, 8 minutes|Rice is ready|Coffee
Pay the electricity bill|Rent $500|Sale 50%|36.5 °C|Call 555-1234|Call Dr. Kim|Train to New York|TV show at 9
Wake up|Bedtime|January 1st, 2027|B12|Coffee & cake|Class 9:00~10:00|Leave in 10 minutes|½ pill|5 mg|5 µg
Newsletter|Write a letter|Łukasz|Café|naïve|♥ party 😀|#1|Re: Q&A|iPhone
""",
}


def labels(language: str) -> list[str]:
    """Those of accounts that speak a language."""
    return [label.strip() for label in LABELS[language].replace("\n", "|").split("|") if label.strip()]
