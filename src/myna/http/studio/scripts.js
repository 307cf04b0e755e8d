/**
 * What people read aloud and what a new voice may say, per language. Content, not interface: it is not translated.
 *
 * Each script holds nearly every sound of its language in two sentences that take 12 to 15 s to read calmly.
 */

/** @typedef {{code: string, tag: string, name: string, scripts: string[], ideas: string[]}} SpokenLanguage */

/** The fifteen languages of the clone request. @type {SpokenLanguage[]} */
export const LANGUAGES = [
  {
    code: 'EN_US', tag: 'en', name: 'English',
    scripts: [
      'On a bright Thursday morning, the young judge chose a thick wool jacket, hurried down to the harbor and enjoyed fresh fish with yellow plums. “What a pleasure,” she sighed, watching the boats vanish.',
      'My uncle usually cooks with ginger, garlic and a huge spoon of honey. He thinks both noise and joy belong in the kitchen, so we laugh, argue, taste everything twice and share the last warm piece of bread.',
    ],
    ideas: [
      'Hello! A minute ago I was only a recording. Now I can say anything you type.',
      'The rain has stopped, the streets are shining, and somewhere a window opens to let the evening in.',
    ],
  },
  {
    code: 'DE_DE', tag: 'de', name: 'Deutsch',
    scripts: [
      'Früh am Dienstag zog Jürgen seine warme Jacke an, ging durch den nassen Wald und hörte plötzlich zwölf Vögel singen. „Wie schön“, dachte er, „heute möchte ich noch lange hier bleiben und einfach zuhören.“',
      'Meine Großmutter backt jeden Sonntag köstlichen Apfelkuchen. Das ganze Haus riecht nach Zimt, die Nachbarn klopfen an die Tür, und bald sitzen fünf fröhliche Leute am Tisch und erzählen sich Geschichten.',
    ],
    ideas: ['Hallo! Eben war ich noch eine Aufnahme. Jetzt kann ich alles sagen, was du schreibst.'],
  },
  {
    code: 'ES_ES', tag: 'es', name: 'Español',
    scripts: [
      'Un jueves muy temprano, la joven jueza eligió una chaqueta gruesa, bajó corriendo hasta el puerto y desayunó pescado fresco con zumo de naranja. ¡Qué alegría!, dijo, mientras los barcos se alejaban despacio.',
      'Mi tío cocina siempre con ajo, perejil y una cuchara enorme de miel. Dice que el ruido y la felicidad van juntos, así que reímos, charlamos, probamos todo dos veces y compartimos el último trozo de pan.',
    ],
    ideas: ['¡Hola! Hace un minuto yo era solo una grabación. Ahora puedo decir todo lo que escribas.'],
  },
  {
    code: 'FR_FR', tag: 'fr', name: 'Français',
    scripts: [
      'Un beau jeudi matin, la jeune juge choisit un gros pull bleu, descendit vers le port et goûta du poisson grillé avec un peu de beurre. Quel bonheur, dit-elle en regardant les bateaux s’éloigner sous la brume.',
      'Mon oncle cuisine toujours avec de l’ail, du thym et une énorme cuillère de miel. Il pense que le bruit et la joie vont ensemble, alors on rit, on chante, et chacun reprend une tranche de pain chaud.',
    ],
    ideas: ['Bonjour ! Il y a une minute, je n’étais qu’un enregistrement. Maintenant, je peux dire tout ce que vous écrivez.'],
  },
  {
    code: 'IT_IT', tag: 'it', name: 'Italiano',
    scripts: [
      'Un giovedì mattina la giovane giudice scelse una giacca di lana spessa, scese in fretta verso il porto e assaggiò del pesce fresco con qualche foglia di basilico. Che meraviglia, disse, guardando le barche lontane.',
      'Mio zio cucina sempre con l’aglio, il rosmarino e un enorme cucchiaio di miele. Pensa che rumore e gioia stiano bene insieme, così ridiamo, chiacchieriamo e ci dividiamo l’ultimo pezzo di pane caldo.',
    ],
    ideas: ['Ciao! Un minuto fa ero solo una registrazione. Adesso posso dire tutto quello che scrivi.'],
  },
  {
    code: 'PT_BR', tag: 'pt', name: 'Português',
    scripts: [
      'Numa quinta-feira bem cedo, a jovem juíza escolheu um casaco grosso de lã, desceu correndo até o porto e provou peixe fresco com um pouco de limão. Que alegria, disse ela, olhando os barcos no horizonte.',
      'Meu tio sempre cozinha com alho, gengibre e uma colher enorme de mel. Ele acha que barulho e felicidade combinam, então a gente ri, conversa, experimenta tudo duas vezes e divide o último pedaço de pão.',
    ],
    ideas: ['Olá! Há um minuto eu era só uma gravação. Agora posso dizer tudo o que você escrever.'],
  },
  {
    code: 'NL_NL', tag: 'nl', name: 'Nederlands',
    scripts: [
      'Op een heldere donderdagochtend koos de jonge rechter een dikke wollen jas, liep haastig naar de haven en genoot van verse vis met een beetje uiensaus. Wat een geluk, zuchtte ze, en ze keek de schepen na.',
      'Mijn oom kookt altijd met knoflook, gember en een grote lepel honing. Hij vindt dat lawaai en vreugde bij elkaar horen, dus we lachen, kletsen, proeven alles twee keer en delen het laatste stuk warm brood.',
    ],
    ideas: ['Hallo! Een minuut geleden was ik alleen een opname. Nu kan ik alles zeggen wat je typt.'],
  },
  {
    code: 'PL_PL', tag: 'pl', name: 'Polski',
    scripts: [
      'W pogodny czwartek rano młoda sędzia włożyła gruby wełniany żakiet, zbiegła szybko do portu i zjadła świeżą rybę z cytryną. Co za szczęście, westchnęła, patrząc, jak łodzie powoli znikają we mgle.',
      'Mój wujek zawsze gotuje z czosnkiem, imbirem i ogromną łyżką miodu. Uważa, że hałas i radość pasują do siebie, więc śmiejemy się, gadamy, próbujemy wszystkiego i dzielimy ostatni kawałek chleba.',
    ],
    ideas: ['Cześć! Minutę temu byłem tylko nagraniem. Teraz mogę powiedzieć wszystko, co napiszesz.'],
  },
  {
    code: 'RU_RU', tag: 'ru', name: 'Русский',
    scripts: [
      'Ясным утром в четверг молодая судья надела тёплую шерстяную куртку, быстро спустилась к порту и съела свежую рыбу с жёлтым перцем. «Какое счастье», — вздохнула она, глядя на далёкие лодки.',
      'Мой дядя всегда готовит с чесноком, имбирём и огромной ложкой мёда. Он считает, что шум и радость живут вместе, поэтому мы смеёмся, болтаем, пробуем всё дважды и делим последний кусок хлеба.',
    ],
    ideas: ['Привет! Минуту назад я был только записью. Теперь я могу сказать всё, что вы напишете.'],
  },
  {
    code: 'ZH_CN', tag: 'zh-CN', name: '中文',
    scripts: [
      '星期四的早晨，天气晴朗，年轻的女法官穿上厚厚的外套，急忙走到港口，吃了一碗热乎乎的鱼汤面。她笑着说，真舒服，远处的船慢慢消失在雾里。',
      '我叔叔做饭总爱放大蒜、生姜和一大勺蜂蜜。他觉得热闹和快乐分不开，所以我们又说又笑，每样菜都尝两遍，最后一块热面包也要一起分着吃。',
    ],
    ideas: ['你好！一分钟前我还只是一段录音，现在我可以说出你写的任何话。'],
  },
  {
    code: 'JA_JP', tag: 'ja', name: '日本語',
    scripts: [
      'よく晴れた木曜日の朝、若い裁判官は厚い上着を着て、急いで港へ下り、焼きたての魚とご飯をゆっくり味わいました。「ああ、幸せ」と言いながら、遠ざかる船を眺めていました。',
      'おじさんは、にんにくと生姜、それに大きなスプーン一杯の蜂蜜で料理を作ります。にぎやかなのが好きなので、みんなで笑い、おしゃべりをして、最後のパンを分け合います。',
    ],
    ideas: ['こんにちは。一分前はただの録音でした。今は、あなたが書いたことを何でも話せます。'],
  },
  {
    code: 'KO_KR', tag: 'ko', name: '한국어',
    scripts: [
      '맑은 목요일 아침, 젊은 판사는 두꺼운 외투를 입고 서둘러 항구로 내려가 갓 구운 생선과 따뜻한 밥을 맛있게 먹었습니다. 참 좋다고 말하며 멀리 사라지는 배를 오래 바라보았습니다.',
      '우리 삼촌은 요리할 때 늘 마늘과 생강, 그리고 꿀을 듬뿍 넣습니다. 시끄러워야 즐겁다고 하셔서 우리는 웃고 떠들며 모든 음식을 두 번씩 맛보고 마지막 빵까지 나눠 먹습니다.',
    ],
    ideas: ['안녕하세요! 조금 전까지 저는 그저 녹음이었어요. 이제는 무엇이든 말할 수 있어요.'],
  },
  {
    code: 'HI_IN', tag: 'hi', name: 'हिन्दी',
    scripts: [
      'गुरुवार की साफ़ सुबह, युवा न्यायाधीश ने मोटा ऊनी कोट पहना, जल्दी से बंदरगाह की ओर गईं और ताज़ी मछली के साथ थोड़ा नींबू खाया। कितनी ख़ुशी की बात है, उन्होंने कहा, और दूर जाती नावों को देखती रहीं।',
      'मेरे चाचा हमेशा लहसुन, अदरक और एक बड़ा चम्मच शहद डालकर खाना बनाते हैं। उन्हें लगता है कि शोर और ख़ुशी साथ रहते हैं, इसलिए हम हँसते हैं, बातें करते हैं और आख़िरी रोटी बाँटकर खाते हैं।',
    ],
    ideas: ['नमस्ते! एक मिनट पहले मैं सिर्फ़ एक रिकॉर्डिंग था। अब मैं आपका लिखा सब कुछ बोल सकता हूँ।'],
  },
  {
    code: 'AR_SA', tag: 'ar', name: 'العربية',
    scripts: [
      'في صباح يوم خميس مشرق، ارتدت القاضية الشابة معطفًا سميكًا، ونزلت مسرعة إلى الميناء، ثم تذوقت سمكًا طازجًا مع قليل من الليمون. يا لها من فرحة، قالت، وهي تنظر إلى القوارب تغيب خلف الضباب.',
      'عمي يطبخ دائمًا بالثوم والزنجبيل وملعقة كبيرة من العسل. يظن أن الضجيج والفرح صديقان، لذلك نضحك ونتحدث ونذوق كل شيء مرتين، ثم نتقاسم آخر قطعة من الخبز الساخن.',
    ],
    ideas: ['مرحبًا! قبل دقيقة كنت مجرد تسجيل. الآن أستطيع أن أقول كل ما تكتبه.'],
  },
  {
    code: 'HE_IL', tag: 'he', name: 'עברית',
    scripts: [
      'בבוקר בהיר של יום חמישי לבשה השופטת הצעירה מעיל עבה, ירדה בזריזות אל הנמל וטעמה דג טרי עם קצת לימון וזעתר. איזה אושר, היא אמרה, והביטה בסירות שנעלמו לאט בתוך הערפל.',
      'דוד שלי תמיד מבשל עם שום, ג׳ינג׳ר וכף ענקית של דבש. הוא חושב שרעש ושמחה הולכים יחד, אז אנחנו צוחקים, מפטפטים, טועמים הכול פעמיים ומתחלקים בפרוסה האחרונה של הלחם החם.',
    ],
    ideas: ['שלום! לפני דקה הייתי רק הקלטה. עכשיו אני יכול לומר כל מה שתכתבו.'],
  },
];

/** The language of an API code (`EN_US`) or BCP-47 tag (`en-GB`); undefined when it is none of ours. */
export function findLanguage(code) {
  const family = (code || '').replace('-', '_').split('_')[0].toLowerCase();
  return LANGUAGES.find((language) => language.code.toLowerCase().startsWith(`${family}_`));
}
