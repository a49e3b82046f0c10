"""Letters from elsewhere, in their own languages and in the charsets that people still use."""

from __future__ import annotations

from typing import NamedTuple

from tui_mail.demo.sample.letters import Person


class Abroad(NamedTuple):
    """A letter in another language."""

    who: Person
    subject: str
    text: str
    charset: str = "utf-8"
    encoding: str = "8bit"


LETTERS: dict[str, Abroad] = {
    "fr": Abroad(
        Person("Camille Laurent", "camille@phare.example"),
        "Re : les horaires d'été",
        "Bonjour Robin,\n\nmerci pour la nouvelle carte, elle est très belle. Les horaires d'été sont justes, sauf le "
        "dimanche : le premier bateau part à 9 h 15, et le café du port ouvre exprès un quart d'heure avant.\n\n"
        "Bien à toi,\nCamille\n",
        "iso-8859-1",
        "quoted-printable",
    ),
    "de": Abroad(
        Person("Jürgen Weiß", "j.weiss@seewetter.example"),
        "Grüße von der Küste: Sturmflutwarnungen",
        "Moin Robin,\n\ndie Warnungen kommen jetzt zehn Minuten früher an. Für die Fähre nach Süderoog reicht das, für "
        "den Kuchen im Ofen leider nicht.\n\nSchöne Grüße\nJürgen\n",
    ),
    "es": Abroad(
        Person("Lucía Fernández", "lucia@elfaro.example"),
        "¿Nos vemos en octubre?",
        "Hola, Robin:\n\nel encuentro de puertos pequeños es este año en Cádiz, del 12 al 14 de octubre. Hay un barco "
        "de madera, hay pescado y hay una mesa para ti. ¿Vienes?\n\nUn abrazo,\nLucía\n",
    ),
    "pt": Abroad(
        Person("João Pereira", "joao@maralto.example"),
        "Tradução pronta",
        "Olá Robin,\n\na tradução está pronta e o meu avô já a experimentou. Disse que as letras são boas e que as "
        "marés, essas, ele sabe de cor.\n\nAbraço,\nJoão\n",
        "windows-1252",
        "quoted-printable",
    ),
    "ja": Abroad(
        Person("田中 恵", "megumi@minato.example"),
        "港の写真をありがとうございます",
        "ロビン様\n\nお世話になっております。港の写真をありがとうございました。朝の光がとてもきれいです。\n"
        "来月の展示で使わせていただいてもよろしいでしょうか。\n\nどうぞよろしくお願いいたします。\n田中 恵\n",
        "iso-2022-jp",
        "7bit",
    ),
    "zh": Abroad(
        Person("王小明", "xiaoming@gangkou.example"),
        "潮汐表的一个小问题",
        "Robin 你好：\n\n新版的潮汐表很好用，谢谢！只有一个小问题：夜里的数字有点小，我父亲看不清楚。\n"
        "可以加一个大字模式吗？\n\n祝好\n王小明\n",
        "gb18030",
        "base64",
    ),
    "ko": Abroad(
        Person("김민지", "minji@badaro.example"),
        "부산에서 인사드립니다",
        "로빈 님, 안녕하세요.\n\n지난주에 보내 주신 지도 덕분에 아이들이 배 시간을 스스로 찾았습니다.\n"
        "다음에 부산에 오시면 꼭 연락 주세요. 바다가 잘 보이는 찻집을 알고 있습니다.\n\n김민지 드림\n",
        "euc-kr",
        "base64",
    ),
    "ru": Abroad(
        Person("Анна Соколова", "anna@mayak.example"),
        "Прогноз на выходные",
        "Здравствуйте, Робин!\n\nВ субботу ветер, в воскресенье солнце. Если поедете на острова, возьмите тёплый "
        "свитер и печенье: чайки его любят.\n\nС наилучшими пожеланиями,\nАнна\n",
        "koi8-r",
        "8bit",
    ),
    "ar": Abroad(
        Person("ليلى حداد", "layla@almina.example"),
        "صور من الميناء القديم",
        "مرحبا روبن،\n\nأرسلت إليك أمس صور الميناء القديم. أجملها صورة القارب الأزرق عند الغروب.\n"
        "هل يمكن أن نضعها في الصفحة الأولى؟\n\nمع أطيب التحيات،\nليلى\n",
    ),
    "he": Abroad(
        Person("נועה לוי", "noa@namal.example"),
        "שעות ההפלגה החדשות",
        "שלום רובין,\n\nשעות ההפלגה החדשות נכנסות לתוקף ביום ראשון. המעבורת הראשונה יוצאת ב-6:30, ויש בה קפה.\n\n"
        "להתראות,\nנועה\n",
        "windows-1255",
        "base64",
    ),
    "hi": Abroad(
        Person("अनिता शर्मा", "anita@sagar.example"),
        "नाव की यात्रा के लिए धन्यवाद",
        "नमस्ते रॉबिन,\n\nनाव की यात्रा के लिए बहुत धन्यवाद। बच्चे अब भी समुद्र की ही बातें करते हैं।\n"
        "अगली बार हम खाना लाएँगे।\n\nशुभकामनाओं सहित,\nअनिता\n",
    ),
    "emoji": Abroad(
        Person("Mina Hale 🐚", "mina.hale@post.example"),
        "🎂🎈 Saturday!! 🥳",
        "We are all in 🙌🏽\n\n👨‍🍳 cake: me\n🎸 music: Oskar\n⛵️ boat: the piano one\n🌦️ weather: yes\n\nSee you 💙\n",
    ),
    "greek": Abroad(
        Person("Ελένη Παπαδάκη", "eleni@limani.example"),
        "Καλημέρα από τη Σύρο",
        "Γεια σου Ρόμπιν,\n\nτο πλοίο έφυγε στην ώρα του, και αυτό είναι είδηση. Ο χάρτης δουλεύει και χωρίς "
        "σύνδεση.\n\nΦιλιά,\nΕλένη\n",
    ),
    "vi": Abroad(
        Person("Nguyễn Thị Hoa", "hoa@bencang.example"),
        "Lịch tàu đảo mới",
        "Chào Robin,\n\nlịch tàu mới đã có trên ứng dụng, mọi người ở bến đều vui. Chuyến sáng sớm đông nhất.\n\n"
        "Thân mến,\nHoa\n",
    ),
}

LANGUAGES = tuple(LETTERS)
