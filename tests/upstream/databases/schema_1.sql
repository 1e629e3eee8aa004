-- A database of schema 1, as the first version of muster made it, with the first twelve sample people (a dump of the
-- sqlite3 shell). It never changes: every later version has to migrate and serve it.
BEGIN TRANSACTION;
PRAGMA user_version = 1;
CREATE TABLE posts (
    id           INTEGER PRIMARY KEY,
    author       INTEGER NOT NULL REFERENCES users (id),
    title        TEXT NOT NULL,
    body         TEXT NOT NULL,
    published_at INTEGER NOT NULL
) STRICT;
INSERT INTO "posts" VALUES(1,1,'What a deadline is for','The engine weaves algebraical patterns just as the loom weaves flowers and leaves. A promise without an end is only a wish; write down < when > it is over.',1609178400);
INSERT INTO "posts" VALUES(2,1,'On waiting well','Nobody is late who said in time that they would not come. The engine weaves algebraical patterns just as the loom weaves flowers and leaves. A promise without an end is only a wish; write down < when > it is over.',1609182000);
INSERT INTO "posts" VALUES(3,1,'Notes on the engine','The engine weaves algebraical patterns just as the loom weaves flowers and leaves.',1609182000);
INSERT INTO "posts" VALUES(4,1,'On waiting well (2)','The engine weaves algebraical patterns just as the loom weaves flowers and leaves.',1609189200);
INSERT INTO "posts" VALUES(5,1,'What a deadline is for (2)','The engine weaves algebraical patterns just as the loom weaves flowers and leaves. A promise without an end is only a wish; write down < when > it is over. Nobody is late who said in time that they would not come.',1609192800);
INSERT INTO "posts" VALUES(6,1,'What a deadline is for (2)','A promise without an end is only a wish; write down < when > it is over. Nobody is late who said in time that they would not come. The engine weaves algebraical patterns just as the loom weaves flowers and leaves.',1609192800);
INSERT INTO "posts" VALUES(7,2,'О пользе сроков','Задача закончена, когда закончены все её части. Поезд пришёл вовремя — и это тоже новость.',1629500400);
INSERT INTO "posts" VALUES(8,2,'Заметки с дороги','Поезд пришёл вовремя — и это тоже новость. Если ждать, то недолго.',1629504000);
INSERT INTO "posts" VALUES(9,2,'Заметки с дороги','Поезд пришёл вовремя — и это тоже новость.',1629504000);
INSERT INTO "posts" VALUES(10,2,'Заметки с дороги (2)','Если ждать, то недолго.',1629511200);
INSERT INTO "posts" VALUES(11,2,'О пользе сроков (2)','Если ждать, то недолго.

Задача закончена, когда закончены все её части.

Поезд пришёл вовремя — и это тоже новость.',1629514800);
INSERT INTO "posts" VALUES(12,2,'О пользе сроков (2)','Задача закончена, когда закончены все её части.',1629514800);
INSERT INTO "posts" VALUES(13,2,'Заметки с дороги (3)','Поезд пришёл вовремя — и это тоже новость. Если ждать, то недолго.',1629522000);
INSERT INTO "posts" VALUES(14,2,'Почему очередь растёт (3)','Задача закончена, когда закончены все её части.',1629525600);
INSERT INTO "posts" VALUES(15,2,'Почему очередь растёт (3)','Поезд пришёл вовремя — и это тоже новость.',1629525600);
INSERT INTO "posts" VALUES(16,2,'Почему очередь растёт (4)','Если ждать, то недолго. Задача закончена, когда закончены все её части.',1629532800);
INSERT INTO "posts" VALUES(17,2,'О пользе сроков (4)','Если ждать, то недолго.',1629536400);
INSERT INTO "posts" VALUES(18,3,'读书笔记','一个请求，五秒为限。 难的不是开始，而是知道它属于谁。 每个任务都要有明确的结束方式。',1660255200);
INSERT INTO "posts" VALUES(19,3,'说超时','一个请求，五秒为限。 难的不是开始，而是知道它属于谁。',1660258800);
INSERT INTO "posts" VALUES(20,3,'说超时','每个任务都要有明确的结束方式。 一个请求，五秒为限。',1660258800);
INSERT INTO "posts" VALUES(21,3,'读书笔记 (2)','一个请求，五秒为限。',1660266000);
INSERT INTO "posts" VALUES(22,3,'并发不是多加几个线程 (2)','一个请求，五秒为限。 难的不是开始，而是知道它属于谁。',1660269600);
INSERT INTO "posts" VALUES(23,3,'读书笔记 (2)','难的不是开始，而是知道它属于谁。',1660269600);
INSERT INTO "posts" VALUES(24,3,'说超时 (3)','一个请求，五秒为限。

难的不是开始，而是知道它属于谁。',1660276800);
INSERT INTO "posts" VALUES(25,3,'说超时 (3)','难的不是开始，而是知道它属于谁。',1660280400);
INSERT INTO "posts" VALUES(26,3,'读书笔记 (3)','难的不是开始，而是知道它属于谁。 每个任务都要有明确的结束方式。 一个请求，五秒为限。',1660280400);
INSERT INTO "posts" VALUES(27,3,'读书笔记 (4)','一个请求，五秒为限。 难的不是开始，而是知道它属于谁。',1660287600);
INSERT INTO "posts" VALUES(28,4,'حساب الوقت','خمس ثوانٍ تكفي. لكل عمل بداية ونهاية.',1694689200);
INSERT INTO "posts" VALUES(29,4,'رسالة قصيرة','لكل عمل بداية ونهاية. من انتظر بلا موعد انتظر طويلًا.',1694692800);
INSERT INTO "posts" VALUES(30,4,'رسالة قصيرة','خمس ثوانٍ تكفي.',1694692800);
INSERT INTO "posts" VALUES(31,4,'في الانتظار (2)','لكل عمل بداية ونهاية.',1694700000);
INSERT INTO "posts" VALUES(32,4,'حساب الوقت (2)','لكل عمل بداية ونهاية.',1694703600);
INSERT INTO "posts" VALUES(33,4,'في الانتظار (2)','خمس ثوانٍ تكفي.',1694703600);
INSERT INTO "posts" VALUES(34,4,'رسالة قصيرة (3)','لكل عمل بداية ونهاية.

من انتظر بلا موعد انتظر طويلًا.',1694710800);
INSERT INTO "posts" VALUES(35,4,'في الانتظار (3)','من انتظر بلا موعد انتظر طويلًا. خمس ثوانٍ تكفي. لكل عمل بداية ونهاية.',1694714400);
INSERT INTO "posts" VALUES(36,4,'رسالة قصيرة (3)','خمس ثوانٍ تكفي.

لكل عمل بداية ونهاية.

من انتظر بلا موعد انتظر طويلًا.',1694714400);
INSERT INTO "posts" VALUES(37,4,'رسالة قصيرة (4)','لكل عمل بداية ونهاية. من انتظر بلا موعد انتظر طويلًا.',1694721600);
INSERT INTO "posts" VALUES(38,4,'في الانتظار (4)','من انتظر بلا موعد انتظر طويلًا.

خمس ثوانٍ تكفي.',1694725200);
INSERT INTO "posts" VALUES(39,5,'並行処理の話','終わりのない仕事はない。',1582081200);
INSERT INTO "posts" VALUES(40,5,'雨の日のメモ','五秒だけ待ちましょう。 コーヒーが冷める前に返事が来た。',1582084800);
INSERT INTO "posts" VALUES(41,5,'締め切りについて','終わりのない仕事はない。 五秒だけ待ちましょう。 コーヒーが冷める前に返事が来た。',1582084800);
INSERT INTO "posts" VALUES(42,6,'Fristen und Brücken','Fünf Sekunden sind genug für drei Fragen. Was beginnt, soll auch enden. Die Straße war länger als der Tag.',1645347600);
INSERT INTO "posts" VALUES(43,6,'Fristen und Brücken','Was beginnt, soll auch enden.',1645351200);
INSERT INTO "posts" VALUES(44,6,'Über das Warten','Was beginnt, soll auch enden. Die Straße war länger als der Tag.',1645351200);
INSERT INTO "posts" VALUES(45,6,'Fristen und Brücken (2)','Die Straße war länger als der Tag.',1645358400);
INSERT INTO "posts" VALUES(46,6,'Über das Warten (2)','Die Straße war länger als der Tag. Fünf Sekunden sind genug für drei Fragen. Was beginnt, soll auch enden.',1645362000);
INSERT INTO "posts" VALUES(47,6,'Über das Warten (2)','Die Straße war länger als der Tag.

Fünf Sekunden sind genug für drei Fragen.

Was beginnt, soll auch enden.',1645362000);
INSERT INTO "posts" VALUES(48,6,'Aufgeräumt (3)','Fünf Sekunden sind genug für drei Fragen.',1645369200);
INSERT INTO "posts" VALUES(49,6,'Über das Warten (3)','Fünf Sekunden sind genug für drei Fragen. Was beginnt, soll auch enden. Die Straße war länger als der Tag.',1645372800);
INSERT INTO "posts" VALUES(50,6,'Über das Warten (3)','Was beginnt, soll auch enden. Die Straße war länger als der Tag.',1645372800);
INSERT INTO "posts" VALUES(51,8,'짧은 메모','오 초면 충분하다. 누가 남았는지 이름을 불러 보자. 시작한 일은 끝나야 한다.',1648767600);
INSERT INTO "posts" VALUES(52,8,'동시에 세 가지','누가 남았는지 이름을 불러 보자.',1648771200);
INSERT INTO "posts" VALUES(53,8,'짧은 메모','오 초면 충분하다.',1648771200);
INSERT INTO "posts" VALUES(54,8,'마감에 대하여 (2)','누가 남았는지 이름을 불러 보자.',1648778400);
INSERT INTO "posts" VALUES(55,8,'마감에 대하여 (2)','누가 남았는지 이름을 불러 보자. 시작한 일은 끝나야 한다. 오 초면 충분하다.',1648782000);
INSERT INTO "posts" VALUES(56,8,'동시에 세 가지 (2)','시작한 일은 끝나야 한다.',1648782000);
INSERT INTO "posts" VALUES(57,8,'짧은 메모 (3)','시작한 일은 끝나야 한다.',1648789200);
INSERT INTO "posts" VALUES(58,8,'동시에 세 가지 (3)','오 초면 충분하다.

누가 남았는지 이름을 불러 보자.

시작한 일은 끝나야 한다.',1648792800);
INSERT INTO "posts" VALUES(59,8,'마감에 대하여 (3)','누가 남았는지 이름을 불러 보자.',1648792800);
INSERT INTO "posts" VALUES(60,8,'마감에 대하여 (4)','시작한 일은 끝나야 한다. 오 초면 충분하다. 누가 남았는지 이름을 불러 보자.',1648800000);
INSERT INTO "posts" VALUES(61,8,'동시에 세 가지 (4)','시작한 일은 끝나야 한다. 오 초면 충분하다.',1648803600);
INSERT INTO "posts" VALUES(62,9,'Περί αναμονής','Μη μου τους κύκλους τάραττε.',1698469200);
INSERT INTO "posts" VALUES(63,9,'Σημειώσεις','Πέντε δευτερόλεπτα αρκούν.

Μη μου τους κύκλους τάραττε.

Κάθε αρχή έχει τέλος.',1698472800);
INSERT INTO "posts" VALUES(64,9,'Σημειώσεις','Κάθε αρχή έχει τέλος. Πέντε δευτερόλεπτα αρκούν.',1698472800);
INSERT INTO "posts" VALUES(65,9,'Περί αναμονής (2)','Κάθε αρχή έχει τέλος.',1698480000);
INSERT INTO "posts" VALUES(66,9,'Περί αναμονής (2)','Μη μου τους κύκλους τάραττε. Κάθε αρχή έχει τέλος.',1698483600);
INSERT INTO "posts" VALUES(67,10,'על ההמתנה','לכל דבר יש סוף. חמש שניות מספיקות. מי שלא חזר, שמו על הדף.',1655982000);
INSERT INTO "posts" VALUES(68,10,'רשימות','חמש שניות מספיקות.',1655985600);
INSERT INTO "posts" VALUES(69,10,'על ההמתנה','חמש שניות מספיקות.

מי שלא חזר, שמו על הדף.

לכל דבר יש סוף.',1655985600);
INSERT INTO "posts" VALUES(70,10,'על ההמתנה (2)','לכל דבר יש סוף.',1655992800);
INSERT INTO "posts" VALUES(71,10,'על ההמתנה (2)','מי שלא חזר, שמו על הדף. לכל דבר יש סוף. חמש שניות מספיקות.',1655996400);
INSERT INTO "posts" VALUES(72,10,'על ההמתנה (2)','לכל דבר יש סוף.

חמש שניות מספיקות.

מי שלא חזר, שמו על הדף.',1655996400);
INSERT INTO "posts" VALUES(73,10,'על ההמתנה (3)','חמש שניות מספיקות.',1656003600);
INSERT INTO "posts" VALUES(74,10,'רשימות (3)','מי שלא חזר, שמו על הדף. לכל דבר יש סוף. חמש שניות מספיקות.',1656007200);
INSERT INTO "posts" VALUES(75,10,'על ההמתנה (3)','מי שלא חזר, שמו על הדף. לכל דבר יש סוף.',1656007200);
INSERT INTO "posts" VALUES(76,10,'רשימות (4)','מי שלא חזר, שמו על הדף.',1656014400);
INSERT INTO "posts" VALUES(77,10,'על ההמתנה (4)','מי שלא חזר, שמו על הדף.',1656018000);
INSERT INTO "posts" VALUES(78,11,'Carnet de route','Cinq secondes, pas une de plus ! Ce qui commence doit finir.',1699135200);
INSERT INTO "posts" VALUES(79,11,'Trois réponses à la fois','Ce qui commence doit finir.',1699138800);
INSERT INTO "posts" VALUES(80,11,'De l''attente','Le train était à l''heure ; nous, non.',1699138800);
INSERT INTO "posts" VALUES(81,11,'Trois réponses à la fois (2)','Cinq secondes, pas une de plus !',1699146000);
INSERT INTO "posts" VALUES(82,11,'Trois réponses à la fois (2)','Ce qui commence doit finir. Le train était à l''heure ; nous, non. Cinq secondes, pas une de plus !',1699149600);
INSERT INTO "posts" VALUES(83,11,'Carnet de route (2)','Ce qui commence doit finir. Le train était à l''heure ; nous, non.',1699149600);
INSERT INTO "posts" VALUES(84,11,'De l''attente (3)','Le train était à l''heure ; nous, non.',1699156800);
INSERT INTO "posts" VALUES(85,11,'Trois réponses à la fois (3)','Le train était à l''heure ; nous, non.',1699160400);
INSERT INTO "posts" VALUES(86,11,'De l''attente (3)','Ce qui commence doit finir. Le train était à l''heure ; nous, non. Cinq secondes, pas une de plus !',1699160400);
INSERT INTO "posts" VALUES(87,11,'De l''attente (4)','Cinq secondes, pas une de plus !

Ce qui commence doit finir.',1699167600);
INSERT INTO "posts" VALUES(88,12,'กำหนดเวลา','ทุกงานต้องมีวันจบ',1610683200);
INSERT INTO "posts" VALUES(89,12,'กำหนดเวลา','ห้าวินาทีก็พอ',1610686800);
INSERT INTO "posts" VALUES(90,12,'บันทึกสั้น ๆ','ห้าวินาทีก็พอ รอได้ แต่ไม่รอตลอดไป',1610686800);
INSERT INTO "posts" VALUES(91,12,'บันทึกสั้น ๆ (2)','ห้าวินาทีก็พอ รอได้ แต่ไม่รอตลอดไป',1610694000);
CREATE TABLE profiles (
    user_id  INTEGER PRIMARY KEY REFERENCES users (id),
    bio      TEXT NOT NULL,
    location TEXT NOT NULL,
    website  TEXT NOT NULL, -- empty, or an absolute http(s) URL
    language TEXT NOT NULL  -- a BCP 47 tag
) STRICT;
INSERT INTO "profiles" VALUES(1,'Collects moths, "bugs" & other small animals.','London','https://ada.lovelace.example/','en');
INSERT INTO "profiles" VALUES(2,'Математик и немного поэт.','Санкт-Петербург','https://sofya.kovalevskaya.example/','ru');
INSERT INTO "profiles" VALUES(3,'写代码，也写字。','成都','','zh-Hans');
INSERT INTO "profiles" VALUES(4,'أكتب عن الحساب والنجوم.','بغداد','https://m.alkhwarizmi.example/','ar');
INSERT INTO "profiles" VALUES(5,'数学と猫が好きです。','札幌市','https://sato.hanako.example/','ja');
INSERT INTO "profiles" VALUES(6,'Rechnet gern, wartet ungern.','Göttingen','https://emmy.noether.example/','de');
INSERT INTO "profiles" VALUES(7,'धीरे चलती हूँ, समय पर पहुँचती हूँ।','जयपुर','','hi');
INSERT INTO "profiles" VALUES(8,'기다림을 설계합니다.','서울','https://kim.minjun.example/','ko');
INSERT INTO "profiles" VALUES(9,'Μετρώ κύκλους και κύματα.','Αλεξανδρούπολη','https://ypatia.alexiou.example/','el');
INSERT INTO "profiles" VALUES(10,'אוהבת מספרים ושתיקה.','באר שבע','https://noa.levi.example/','he');
INSERT INTO "profiles" VALUES(12,'เขียนโค้ดตอนกลางคืน','กรุงเทพฯ','','th');
CREATE TABLE users (
    id         INTEGER PRIMARY KEY CHECK (id > 0),
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    created_at INTEGER NOT NULL -- seconds since the Unix epoch, UTC, here and below
) STRICT;
INSERT INTO "users" VALUES(1,'Ada Lovelace','ada.lovelace@example.org',1609174800);
INSERT INTO "users" VALUES(2,'Софья Ковалевская','sofya.kovalevskaya@example.org',1629496800);
INSERT INTO "users" VALUES(3,'王小明','wang.xiaoming@example.org',1660251600);
INSERT INTO "users" VALUES(4,'محمد الخوارزمي','m.alkhwarizmi@example.org',1694685600);
INSERT INTO "users" VALUES(5,'佐藤花子','sato.hanako@example.org',1582077600);
INSERT INTO "users" VALUES(6,'Emmy Nöther','emmy.noether@example.org',1645344000);
INSERT INTO "users" VALUES(7,'आर्यभट शर्मा','aryabhata.sharma@example.org',1692198000);
INSERT INTO "users" VALUES(8,'김민준','kim.minjun@example.org',1648764000);
INSERT INTO "users" VALUES(9,'Υπατία Αλεξίου','ypatia.alexiou@example.org',1698465600);
INSERT INTO "users" VALUES(10,'נועה לוי','noa.levi@example.org',1655978400);
INSERT INTO "users" VALUES(11,'Émilie du Châtelet','emilie.duchatelet@example.org',1699131600);
INSERT INTO "users" VALUES(12,'สมชาย ใจดี','somchai.jaidee@example.org',1610679600);
CREATE INDEX posts_of_author ON posts (author, published_at DESC, id DESC);
COMMIT;
