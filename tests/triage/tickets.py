"""Tickets of many kinds with what a person would say of them, written for these tests."""

from typing import NamedTuple

from ticket_app.vocabulary import Category, Priority, Sentiment

BILLING, TECHNICAL, ACCOUNT, GENERAL = (
    Category.BILLING,
    Category.TECHNICAL,
    Category.ACCOUNT,
    Category.GENERAL,
)
LOW, MEDIUM, HIGH, CRITICAL = Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.CRITICAL
CALM, NEUTRAL, FRUSTRATED, ANGRY = (
    Sentiment.CALM,
    Sentiment.NEUTRAL,
    Sentiment.FRUSTRATED,
    Sentiment.ANGRY,
)


class Ticket(NamedTuple):
    text: str
    category: Category
    priority: Priority
    sentiment: Sentiment


TICKETS = (
    Ticket("Production is down for all users since 9:40.", TECHNICAL, CRITICAL, NEUTRAL),
    Ticket(
        "Nobody in the company can log in, sign-on returns error 500.", ACCOUNT, CRITICAL, NEUTRAL
    ),
    Ticket(
        "The checkout is down and we are losing orders every minute!", TECHNICAL, CRITICAL, NEUTRAL
    ),
    Ticket(
        "Hello, the table with all our customers was dropped last night. "
        "Could you please have a look? Thanks.",
        TECHNICAL,
        CRITICAL,
        CALM,
    ),
    Ticket(
        "Files on the server are encrypted and there is a note that asks for a ransom.",
        TECHNICAL,
        CRITICAL,
        NEUTRAL,
    ),
    Ticket(
        "When I open my invoices I can see other customers' invoices too.",
        TECHNICAL,
        CRITICAL,
        NEUTRAL,
    ),
    Ticket(
        "The whole warehouse stands idle because the label printers lost connection to the server.",
        TECHNICAL,
        CRITICAL,
        NEUTRAL,
    ),
    Ticket(
        "We have an outage of the phone system in the entire hospital.",
        TECHNICAL,
        CRITICAL,
        NEUTRAL,
    ),
    Ticket(
        "My payment of 49 euros was charged twice this month. Please refund one of them.",
        BILLING,
        MEDIUM,
        CALM,
    ),
    Ticket(
        "I was billed after I cancelled. This is the third time I write. Unacceptable!",
        BILLING,
        HIGH,
        ANGRY,
    ),
    Ticket("Please send me the invoice for March again, no rush.", BILLING, LOW, CALM),
    Ticket("The VAT number on invoice 2231 is wrong.", BILLING, MEDIUM, NEUTRAL),
    Ticket("How much does the yearly plan cost for ten seats?", BILLING, LOW, NEUTRAL),
    Ticket(
        "Our card was declined although there is money in the account, and payroll is due today.",
        BILLING,
        HIGH,
        NEUTRAL,
    ),
    Ticket(
        "There is a charge of 300 dollars on my card that I did not authorise; "
        "I think this is fraud.",
        BILLING,
        HIGH,
        NEUTRAL,
    ),
    Ticket("Can I switch from monthly to annual billing?", BILLING, LOW, NEUTRAL),
    Ticket(
        "I have been waiting for my refund for six weeks and nobody answers. "
        "I am really disappointed.",
        BILLING,
        MEDIUM,
        FRUSTRATED,
    ),
    Ticket(
        "The coupon code from your newsletter is rejected at checkout.", BILLING, MEDIUM, NEUTRAL
    ),
    Ticket("I forgot my password and the reset mail does not arrive.", ACCOUNT, MEDIUM, NEUTRAL),
    Ticket(
        "I am locked out of my account and my exam starts in ten minutes.", ACCOUNT, HIGH, NEUTRAL
    ),
    Ticket(
        "Please create a user account for a new colleague who starts next month.",
        ACCOUNT,
        LOW,
        CALM,
    ),
    Ticket("How do I change the email address of my profile?", ACCOUNT, LOW, NEUTRAL),
    Ticket(
        "Someone logged in to my account from another country, I think I was hacked.",
        ACCOUNT,
        HIGH,
        NEUTRAL,
    ),
    Ticket(
        "Two-factor codes never arrive on my phone, so I cannot sign in.", ACCOUNT, HIGH, NEUTRAL
    ),
    Ticket("Please delete my account and all personal data under the GDPR.", ACCOUNT, MEDIUM, CALM),
    Ticket("I need read permission for the finance folder.", ACCOUNT, MEDIUM, NEUTRAL),
    Ticket(
        "My account is suspended again, AGAIN, and your chat is useless. Fix this now!!!",
        ACCOUNT,
        HIGH,
        ANGRY,
    ),
    Ticket("I have no internet and no VPN at home.", TECHNICAL, HIGH, NEUTRAL),
    Ticket("The app crashes when I upload a photo.", TECHNICAL, MEDIUM, NEUTRAL),
    Ticket(
        "The export button does nothing in Firefox, Chrome works fine.", TECHNICAL, MEDIUM, NEUTRAL
    ),
    Ticket("There is a typo on the settings page: 'recieve'.", TECHNICAL, LOW, NEUTRAL),
    Ticket(
        "YOUR LOGO HAS THE WRONG COLOUR ON THE LOGIN PAGE!!! FIX IT IMMEDIATELY!!!",
        TECHNICAL,
        LOW,
        ANGRY,
    ),
    Ticket(
        "Search has been slow since the last update, sometimes it takes ten seconds.",
        TECHNICAL,
        MEDIUM,
        NEUTRAL,
    ),
    Ticket("My laptop shows a blue screen and I cannot work at all.", TECHNICAL, HIGH, NEUTRAL),
    Ticket(
        "The webhook fails with a timeout and none of our orders are processed.",
        TECHNICAL,
        CRITICAL,
        NEUTRAL,
    ),
    Ticket(
        "For the fifth time this week the wifi keeps dropping. I am tired of this.",
        TECHNICAL,
        MEDIUM,
        FRUSTRATED,
    ),
    Ticket(
        "The monitor flickers occasionally, a minor thing, whenever you have time.",
        TECHNICAL,
        LOW,
        CALM,
    ),
    Ticket(
        "We cannot print shipping labels and the courier comes at noon, please hurry.",
        TECHNICAL,
        HIGH,
        NEUTRAL,
    ),
    Ticket("What are your opening hours on Saturday?", GENERAL, LOW, NEUTRAL),
    Ticket("Just wanted to say thank you for the great support last week!", GENERAL, LOW, CALM),
    Ticket(
        "It would be nice if the calendar had a dark mode, just a suggestion.", GENERAL, LOW, CALM
    ),
    Ticket(
        "Do you offer training for new teams? We would like more information.", GENERAL, LOW, CALM
    ),
    Ticket("I would like to talk to someone about a partnership.", GENERAL, LOW, CALM),
    Ticket("Where can I find the user manual?", GENERAL, LOW, NEUTRAL),
    Ticket(
        "Nothing is broken and it is not urgent, I only have a quick question about your roadmap.",
        GENERAL,
        LOW,
        CALM,
    ),
    Ticket(
        "Me han cobrado dos veces la misma factura, quiero un reembolso.", BILLING, MEDIUM, NEUTRAL
    ),
    Ticket(
        "El servidor de producción está caído para todos los usuarios.",
        TECHNICAL,
        CRITICAL,
        NEUTRAL,
    ),
    Ticket(
        "Ich habe mein Passwort vergessen und kann mich nicht anmelden.", ACCOUNT, HIGH, NEUTRAL
    ),
    Ticket("Die Rechnung wurde doppelt abgebucht, bitte um Erstattung.", BILLING, MEDIUM, CALM),
    Ticket("Le site est en panne et tous les clients sont bloqués.", TECHNICAL, CRITICAL, NEUTRAL),
    Ticket("J'ai oublié mon mot de passe, merci de m'aider.", ACCOUNT, MEDIUM, CALM),
    Ticket("O sistema está fora do ar para todos os clientes.", TECHNICAL, CRITICAL, NEUTRAL),
    Ticket("Esqueci minha senha e não consigo acessar minha conta.", ACCOUNT, HIGH, NEUTRAL),
    Ticket("My invoice is wrong.", BILLING, MEDIUM, NEUTRAL),
    Ticket("My invoice is wrong. This is ridiculous and unacceptable.", BILLING, MEDIUM, ANGRY),
    Ticket("The printer shows nothing but paper jams", TECHNICAL, MEDIUM, NEUTRAL),
    Ticket("THE PRINTER SHOWS NOTHING BUT PAPER JAMS!!!", TECHNICAL, MEDIUM, ANGRY),
    Ticket("This is urgent, the printer is broken.", TECHNICAL, HIGH, NEUTRAL),
    Ticket("This is not urgent, nothing is broken.", GENERAL, LOW, CALM),
    Ticket("The API crashes.", TECHNICAL, HIGH, NEUTRAL),
    Ticket("In case it crashes, how do I restart the API?", GENERAL, LOW, NEUTRAL),
)
