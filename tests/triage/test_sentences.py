"""A title's sentence does not end at an abbreviation, an ordinal, an initial or a number."""

import pytest

from ticket_app.triage.sentences import FULL_STOPS
from ticket_app.triage.title import suggested_title

FIRST_SENTENCES = """
My invoice No. 4711 was charged twice.|
It works in the U.S. but not in Canada.|
Please help.| I cannot log in.
I spoke to Dr. Smith about my account.| He could not log in.
Some pages, e.g. the invoices page, do not load.|
Contact Acme Inc. about the failed payment.|
J. R. Hartley cannot open his mailbox.|
Mr. Jones and Mrs. Brown lost access.| Please help.
The server at St. Mary's is down.| Nobody can work.
Our order (No. 12) vs. the invoice differs.| Why?
We met at 5 p.m. on Friday and it failed.| It is down.
It failed at 10 a.m.| The server was down.
Please see Fig. 3 and p. 12 of the manual.| It is wrong.
The answer is no.| Nothing works.
The screen shows Error 500.| The page does not load.
My order number is 4711.| It has not arrived.
I use Windows 11.| My printer does not print.
I was charged $49.| Refund me.
Version 2.5 crashes.| Always.
Prof. J. K. Miller, Ph.D. cannot print.| It worked before.
Acme Corp. and Foo Ltd. were both charged.| Refund please.
The app (approx. 20 MB) hangs at start.| Help.
The parcel to 12 Main St. Apt. 5 is lost.| Where is it?
the printer is broken.| it was fine before.
I cannot open the pdf.| it is empty.
On Jan. 5 I was billed twice.| Again on Feb. 5.
Gen. Manager Lee Jr. cannot sign in.| Please reset.
We tried everything, i.e. reboot and reset.| Nothing helps.
Printers, scanners, etc. do not work.| Help.
"Access denied." appears when I log in.| Why?
He said "it is broken."| Please help.
My account no. is 12345 and it is locked.| Please check.
The 2nd. attempt failed too.| Help.
the answer was no.| please help.
Herr Dr.-Ing. Müller kommt seit Mo. 8 Uhr nicht rein.| Bitte helfen.
Le 1er. mars rien ne marche.| Merci.
La Cía. López del depto. 4 no puede entrar.| Gracias.
De fam. Jansen kan niet inloggen.| Bedankt.
Is it broken?| I think so.
I tried... nothing works here.| Please help.
1. The printer is broken.| 2. The scanner too.
See sec. 4.2 of the docs.| It is wrong.
Sgt. Pepper of the U.S. Army cannot log in.| Help him.
Call me at tel. 555-1234 or ext. 204 today.| Thanks.
I visited example.com.| Nothing loads.
Ich kann mich seit dem 29. Juli nicht mehr anmelden.|
Meine Rechnung Nr. 4711 wurde doppelt abgebucht.|
Der Fehler tritt z. B. beim Drucken auf.| Bitte helfen.
Der Fehler tritt z.B. Montags auf.| Bitte helfen.
Frau Dr. Müller bzw. Herr Prof. Schmidt kommen nicht rein.| Danke.
Das 3. Stockwerk hat kein Internet.| Seit gestern.
Am 1. Mai ca. 9 Uhr war alles weg.| Hilfe.
Die Seite lädt d. h. nicht vollständig.| Was tun?
Hr. Meier und Fr. Schulz sind gesperrt.| Bitte freischalten.
Drucker, Scanner usw. gehen nicht.| Bitte kommen.
Die Müller GmbH & Co. KG wurde doppelt belastet.| Bitte prüfen.
Laut Abs. 4 Satz 2 bekomme ich Geld zurück.| Wann?
In der Hauptstr. 12 geht das Netz nicht.| Danke.
Im 21. Jahrhundert sollte das gehen.| Geht aber nicht.
Mein Tel. geht nicht, inkl. Mobil.| Bitte anrufen.
Ich warte seit dem 12.03.2024 auf Antwort.| Nichts passiert.
Bestellung vom 5. 3. 2024 fehlt.| Wo ist sie?
Ich brauche ggf. Hilfe v. a. beim Login.| Danke.
Königin Elisabeth II. hätte das nicht gewollt.| Hilfe.
M. Dupont ne peut pas se connecter.| Merci.
Mme. Durand et MM. Petit sont bloqués.| Merci.
Ma facture n. 4711 a été débitée deux fois.| Merci.
La page (cf. p. 12) ne charge pas.| Pourquoi ?
Les imprimantes, scanners, etc. ne marchent pas.| Merci.
Le bd. Voltaire et l'av. Foch sont sans réseau.| Merci.
Par ex. la page d'accueil est vide.| Merci.
Le réf. 12 et l'art. 5 sont faux.| Merci.
J.-P. Martin ne reçoit rien.| Merci.
El Sr. López no puede entrar.| Gracias.
La Sra. García y la Dra. Ruiz no reciben correo.| Ayuda.
Mi factura núm. 4711 se cobró dos veces.| Gracias.
En EE. UU. funciona pero aquí no.| Ayuda.
Vivo en Avda. Mayor 12 y no llega nada.| Gracias.
Las págs. 3 y 4 no cargan, p. ej. la de facturas.| Gracias.
Acme S.A. me cobró dos veces.| Gracias.
La factura nº. 12 y el art. 3 no coinciden.| Gracias.
No funciona.| ¿Por qué?
O Sr. Silva não consegue entrar.| Obrigado.
A minha fatura n.º 4711 foi cobrada duas vezes.| Obrigado.
Moro na Av. Paulista 12 e nada chega.| Obrigado.
A Acme Ltda. cobrou duas vezes.| Obrigado.
V. Exa. pode ajudar com o pedido?| Obrigado.
Il Sig. Rossi non riesce ad accedere.| Grazie.
La Sig.ra Bianchi e il Dott. Verdi sono bloccati.| Grazie.
La fattura n. 4711 è stata addebitata due volte.| Grazie.
L'Ing. Neri non vede pag. 12 del manuale.| Grazie.
Le stampanti ecc. non funzionano.| Grazie.
La Acme S.p.A. e la Foo S.r.l. sono bloccate.| Grazie.
Dhr. Jansen en mevr. de Vries kunnen niet inloggen.| Dank.
Mijn factuur nr. 4711 is dubbel afgeschreven.| Bedankt.
Sommige pagina's, bijv. de facturen, laden niet.| Bedankt.
Het werkt d.w.z. niet op kantoor.| Bedankt.
De heer A. B. van Dam wacht o.a. op antwoord.| Bedankt.
Bakker B.V. is dubbel belast.| Bedankt.
Np. strona faktur nie działa.| Pomocy.
Dne 29. Července nefunguje přihlášení.| Děkuji.
T.ex. fakturan nr. 12 är fel, bl.a. summan.| Tack.
Den 3. Juli virkede intet, f.eks. printeren.| Tak.
Prof. Dr. Yılmaz giriş yapamıyor.| Lütfen.
Messrs. Hill and Wood et al. Smith cannot print.| Help.
The Hwy. 12 office waits for 3 yrs. 2 months.| Why?
Die Rech. 4711 über 2 Mio. Euro ist falsch.| Danke.
Pan inż. Nowak nie może się zalogować.| Proszę.
Faktury, umowy itd. Nowaka są puste o godz. 9 rano.| Proszę.
Laskun nro. 12 summa on väärin.| Kiitos.
Оплата 5 млн. Иванову не прошла, рис. 3 пуст.| Помогите.
Το τηλ. 210 και το αρ. 12 δεν λειτουργούν.| Βοήθεια.
您好，打印机坏了。|请尽快处理。
为什么收两次费？|请退款！
ログインできません！|助けてください。
打印机坏了!|请尽快处理.
版本3.5不能登录.|请帮忙.
「エラー。」と表示されます。|助けて。
ﾛｸﾞｲﾝできません｡|助けて｡
料金は３．５ドルです。|確認してください。
मेरा खाता बंद है।| कृपया मदद करें।
میرا اکاؤنٹ بند ہے۔|مدد کریں۔
አገልግሎቱ አይሰራም።|እባክዎ ይርዱ።
لا أستطيع الدخول إلى حسابي.| ساعدوني.
لماذا تم خصم المبلغ مرتين؟| أرجو استرداد المبلغ.
Γιατί χρεώθηκα δύο φορές;| Παρακαλώ βοηθήστε με.
ကျွန်ုပ် အကောင့်ဝင်၍ မရပါ။| ကူညီပါ။
"""


@pytest.mark.parametrize("marked", FIRST_SENTENCES.strip().splitlines())
def test_the_title_is_the_first_sentence(marked: str) -> None:
    first, _, rest = marked.partition("|")
    assert suggested_title(first + rest).rstrip(FULL_STOPS) == first.rstrip(FULL_STOPS)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The office is in the U.S. Please help.", "The office is in the U.S."),
        ("It fails in Acme Inc.", "It fails in Acme Inc."),
        ("Please send me my invoice.", "Please send me my invoice"),
        ("Իմ հաշիվը փակ է։ Օգնեք։", "Իմ հաշիվը փակ է"),
    ],
)
def test_an_abbreviation_keeps_its_point_and_a_sentence_does_not(text: str, title: str) -> None:
    assert suggested_title(text) == title
