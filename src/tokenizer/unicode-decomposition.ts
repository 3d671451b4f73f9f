/**
 * The first character of each canonical decomposition of Unicode 15.1 (NFD), but for Hangul syllables: runs of code points
 * in ascending order, each with the distance from the end of the run before in base 36 and one character per code point.
 * Source: Unicode Character Database 15.1 (UnicodeData.txt, field Decomposition_Mapping). Not `normalize`, because
 * JavaScript engines implement different Unicode versions.
 */
const DECOMPOSITION_RUNS = [
  '5c AAAAAA 1 CEEEEIIII 1 NOOOOO 2 UUUUY 2 aaaaaa 1 ceeeeiiii 1 nooooo 2 uuuuy 1 yAaAaAaCcCcCcCcDd',
  '2 EeEeEeEeEeGgGgGgGgHh 2 IiIiIiIiI 3 JjKk 1 LlLlLl 4 NnNnNn 3 OoOoOo 2 RrRrRrSsSsSsSsTtTt',
  '2 UuUuUuUuUuUuWwYyYZzZzZz x Oo d Uu s AaIiOoUuUuUuUuUu 1 AaAaÆæ 2 GgKkOoOoƷʒj 3 Gg',
  '2 NnAaÆæØøAaAaEeEeIiIiOoOoRrRrUuUuSsTt 2 Hh 6 AaEeOoOoOoOoYy 7g \u0300\u0301 1 \u0313\u0308 1b ʹ 9 ;',
  '6 ¨Α·ΕΗΙ 1 Ο 1 ΥΩι p ΙΥαεηιυ p ιυουω 4 ϒϒ 17 ЕЕ 1 Г 3 І 4 КИУ a И v и m ее 1 г 3 і 4 киу n Ѵѵ 21 Жж',
  'd АаАа 2 Ее 2 ӘәЖжЗз 2 ИиИиОо 2 ӨөЭэУуУуУуЧч 2 Ыы 88 ااواي 49 ە 1 ہ g ے gl न 7 र 2 ळ z कखगजडढफय',
  '2z \u09c7\u09c7 f ডঢ 1 য 2b ਲ 2 ਸ y ਖਗਜ 2 ਫ 6h \u0b47 2 \u0b47\u0b47 f ଡଢ 1i ஒ 1h \u0bc6\u0bc7\u0bc6',
  '3f \u0c46 3b \u0cbf 6 \u0cc6\u0cc6 1 \u0cc6\u0cc6 3i \u0d46\u0d47\u0d46 3x \u0dd9',
  '1 \u0dd9\u0dd9\u0dd9 9w ག 9 ཌ 4 ད 4 བ 4 ཛ c ཀ 9 \u0f71 1 \u0f71\u0fb2 1 \u0fb3 8 \u0f71 h \u0f92',
  '9 \u0f9c 4 \u0fa1 4 \u0fa6 4 \u0fab c \u0f90 30 ဥ 25b ᬅ 1 ᬇ 1 ᬉ 1 ᬋ 1 ᬍ 3 ᬑ 14 \u1b3a 1 \u1b3c',
  '2 \u1b3e\u1b3f 1 \u1b42',
  'jg AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMmMmMmNnNnNnNnOoOo',
  '0 OoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVvWwWwWwWwWwXxXxYyZzZzZzhtwy 1 ſ',
  '4 AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEeEeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUu 0 UuYyYyYyYy',
  '6 ααααααααΑΑΑΑΑΑΑΑεεεεεε 2 ΕΕΕΕΕΕ 2 ηηηηηηηηΗΗΗΗΗΗΗΗιιιιιιιιΙΙΙΙΙΙΙΙοοοοοο 2 ΟΟΟΟΟΟ 2 υυυυυυυυ 1 Υ',
  '1 Υ 1 Υ 1 ΥωωωωωωωωΩΩΩΩΩΩΩΩααεεηηιιοουυωω 2 ααααααααΑΑΑΑΑΑΑΑηηηηηηηηΗΗΗΗΗΗΗΗωωωωωωωωΩΩΩΩΩΩΩΩααααα',
  '1 ααΑΑΑΑΑ 1 ι 2 ¨ηηη 1 ηηΕΕΗΗΗ᾿᾿᾿ιιιι 2 ιιΙΙΙΙ 1 ῾῾῾υυυυρρυυΥΥΥΥΡ¨¨` 2 ωωω 1 ωωΟΟΩΩΩ´ 2 \u2002\u2003',
  '84 Ω 3 KA 32 ←→ i ↔ u ⇐⇔⇒ 1g ∃ 4 ∈ 2 ∋ n ∣ 1 ∥ q ∼ 2 ≃ 2 ≅ 1 ≈ m = 1 ≡ a ≍<>≤≥ 2 ≲≳ 2 ≶≷ 6 ≺≻ 2 ⊂⊃',
  '2 ⊆⊇ y ⊢⊨⊩⊫ 1c ≼≽⊑⊒ 6 ⊲⊳⊴⊵ 1n 〈〉 1ip ⫝ 12n か 1 き 1 く 1 け 1 こ 1 さ 1 し 1 す 1 せ 1 そ 1 た 1 ち 2 つ 1 て 1 と',
  '6 はは 1 ひひ 1 ふふ 1 へへ 1 ほほ m う 9 ゝ d カ 1 キ 1 ク 1 ケ 1 コ 1 サ 1 シ 1 ス 1 セ 1 ソ 1 タ 1 チ 2 ツ 1 テ 1 ト 6 ハハ',
  '1 ヒヒ 1 フフ 1 ヘヘ 1 ホホ m ウ 2 ワヰヱヲ 3 ヽ',
  '13i9 豈更車賈滑串句龜龜契金喇奈懶癩羅蘿螺裸邏樂洛烙珞落酪駱亂卵欄爛蘭鸞嵐濫藍襤拉臘蠟廊朗浪狼郎來冷勞擄櫓爐盧老蘆虜路露魯鷺碌祿綠菉錄鹿論壟弄籠聾牢磊賂雷壘屢樓淚漏累',
  '0 縷陋勒肋凜凌稜綾菱陵讀拏樂諾丹寧怒率異北磻便復不泌數索參塞省葉說殺辰沈拾若掠略亮兩凉梁糧良諒量勵呂女廬旅濾礪閭驪麗黎力曆歷轢年憐戀撚漣煉璉秊練聯輦蓮連鍊列劣咽烈',
  '0 裂說廉念捻殮簾獵令囹寧嶺怜玲瑩羚聆鈴零靈領例禮醴隸惡了僚寮尿料樂燎療蓼遼龍暈阮劉杻柳流溜琉留硫紐類六戮陸倫崙淪輪律慄栗率隆利吏履易李梨泥理痢罹裏裡里離匿溺吝燐璘',
  '0 藺隣鱗麟林淋臨立笠粒狀炙識什茶刺切度拓糖宅洞暴輻行降見廓兀嗀 2 塚 1 晴 2 凞猪益礼神祥福靖精羽 1 蘒 1 諸 2 逸都',
  '3 飯飼館鶴郞隷侮僧免勉勤卑喝嘆器塀墨層屮悔慨憎懲敏既暑梅海渚漢煮爫琢碑社祉祈祐祖祝禍禎穀突節練縉繁署者臭艹艹著褐視謁謹賓贈辶逸難響頻恵𤋮舘',
  '2 並况全侀充冀勇勺喝啕喙嗢塚墳奄奔婢嬨廒廙彩徭惘慎愈憎慠懲戴揄搜摒敖晴朗望杖歹殺流滛滋漢瀞煮瞧爵犯猪瑱甆画瘝瘟益盛直睊着磌窱節类絛練缾者荒華蝹襁覆視調諸請謁諾諭謹',
  '0 變贈輸遲醙鉶陼難靖韛響頋頻鬒龜𢡊𢡄𣏕㮝䀘䀹𥉉𥳐𧻓齃龎 1v י 1 ײ a ששששאאאבגדהוז 1 טיךכל 1 מ 1 נס 1 ףפ 1 צקרשתובכפ 47f 𑂙 1 𑂛',
  'e 𑂥 3m \u{11131}\u{11132} ez \u{11347}\u{11347} a6 \u{114b9}\u{114b9} 1 \u{114b9}',
  '6z \u{115b8}\u{115b9} os \u{11935} 10dh 𝅗𝅘𝅘𝅘𝅘𝅘𝅘 2e 𝆹𝆺𝆹𝆺𝆹𝆺',
  '1m4f 丽丸乁𠄢你侮侻倂偺備僧像㒞𠘺免兔兤具𠔜㒹內再𠕋冗冤仌冬况𩇟凵刃㓟刻剆割剷㔕勇勉勤勺包匆北卉卑博即卽卿卿卿𠨬灰及叟𠭣叫叱吆咞吸呈周咢哶唐啓啣善善喙喫喳嗂圖嘆圗噑噴',
  '0 切壮城埴堍型堲報墬𡓤売壷夆多夢奢𡚨𡛪姬娛娧姘婦㛮㛼嬈嬾嬾𡧈寃寘寧寳𡬘寿将当尢㞁屠屮峀岍𡷤嵃𡷦嵮嵫嵼巡巢㠯巽帨帽幩㡢𢆃㡼庰庳庶廊𪎒廾𢌱𢌱舁弢弢㣇𣊸𦇚形彫㣣徚忍志忹',
  '0 悁㤺㤜悔𢛔惇慈慌慎慌慺憎憲憤憯懞懲懶成戛扝抱拔捐𢬌挽拼捨掃揤𢯱搢揅掩㨮摩摾撝摷㩬敏敬𣀊旣書晉㬙暑㬈㫤冒冕最暜肭䏙朗望朡杞杓𣏃㭉柺枅桒梅𣑭梎栟椔㮝楂榣槪檨𣚣櫛㰘次',
  '0 𣢧歔㱎歲殟殺殻𣪍𡴋𣫺汎𣲼沿泍汧洖派海流浩浸涅𣴞洴港湮㴳滋滇𣻑淹潮𣽞𣾎濆瀹瀞瀛㶖灊災灷炭𠔥煅𤉣熜𤎫爨爵牐𤘈犀犕𤜵𤠔獺王㺬玥㺸㺸瑇瑜瑱璅瓊㼛甤𤰶甾𤲒異𢆟瘐𤾡𤾸𥁄㿼䀈',
  '0 直𥃳𥃲𥄙𥄳眞真真睊䀹瞋䁆䂖𥐝硎碌磌䃣𥘦祖𥚚𥛅福秫䄯穀穊穏𥥼𥪧𥪧竮䈂𥮫篆築䈧𥲀糒䊠糨糣紀𥾆絣䌁緇縂繅䌴𦈨𦉇䍙𦋙罺𦌾羕翺者𦓚𦔣聠𦖨聰𣍟䏕育脃䐋脾媵𦞧𦞵𣎓𣎜舁舄辞䑫芑',
  '0 芋芝劳花芳芽苦𦬼若茝荣莭茣莽菧著荓菊菌菜𦰶𦵫𦳕䔫蓱蓳蔖𧏊蕤𦼬䕝䕡𦾱𧃒䕫虐虜虧虩蚩蚈蜎蛢蝹蜨蝫螆䗗蟡蠁䗹衠衣𧙧裗裞䘵裺㒻𧢮𧥦䚾䛇誠諭變豕𧲨貫賁贛起𧼯𠠄跋趼跰𠣞軔輸',
  '0 𨗒𨗭邔郱鄑𨜮鄛鈸鋗鋘鉼鏹鐕𨯺開䦕閷𨵷䧦雃嶲霣𩅅𩈚䩮䩶韠𩐊䪲𩒖頋頋頩𩖶飢䬳餩馧駂駾䯎𩬰鬒鱀鳽䳎䳭鵧𪃎䳸𪄅𪈎𪊑麻䵖黹黾鼅鼏鼖鼻𪘀',
].join(' ')

const FIRST_SYLLABLE = 0xac00
const LAST_SYLLABLE = 0xd7a3
const FIRST_LEADING_CONSONANT = 0x1100
const SYLLABLES_PER_CONSONANT = 588

let bases: ReadonlyMap<number, number> | undefined

/** The base characters, expanded on first use. */
function unfold(): ReadonlyMap<number, number> {
  if (bases) return bases
  const map = new Map<number, number>()
  let codePoint = 0
  const items = DECOMPOSITION_RUNS.split(' ')
  for (let i = 0; i < items.length; i += 2) {
    codePoint += Number.parseInt(items[i], 36)
    for (const base of items[i + 1]) map.set(codePoint++, base.codePointAt(0)!)
  }
  bases = map
  return map
}

/**
 * The first code point of the canonical decomposition: a letter without its accents, a Hangul syllable's leading
 * consonant.
 */
export function baseOf(codePoint: number): number {
  if (codePoint < 0xc0) return codePoint
  if (codePoint >= FIRST_SYLLABLE && codePoint <= LAST_SYLLABLE) {
    const index = Math.floor((codePoint - FIRST_SYLLABLE) / SYLLABLES_PER_CONSONANT)
    return FIRST_LEADING_CONSONANT + index
  }
  return unfold().get(codePoint) ?? codePoint
}
