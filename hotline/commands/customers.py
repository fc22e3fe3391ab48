"""`hotline customers`: whose numbers lead to a senior seat (D18, D120)."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from acd.words import CustomerClass
from hotline.commands.seats import Json, transact

Number = Annotated[str, typer.Argument(help="Telephone number; +86 and 0086 in front make no difference.")]

app = typer.Typer(help="Customers whose number decides who takes the call.", no_args_is_help=True)


@app.command("add")
def add_command(
    number: Number,
    name: Annotated[str, typer.Option(help="The customer's name.")] = "",
    customer_class: Annotated[
        CustomerClass, typer.Option("--class", help="Anything but ordinary goes to a senior.")
    ] = CustomerClass.KEY_ACCOUNT,
) -> None:
    """Know a customer by number; the same number again replaces name and class."""
    from acd import customers

    transact(lambda session: customers.add_customer(session, number, name or number, customer_class))
    typer.echo(f"{number} is {customer_class.value.replace('_', ' ')} from now on")


@app.command("remove")
def remove_command(number: Number) -> None:
    """Treat the number like any other again."""
    from acd import customers
    from acd.errors import DeskError

    if not transact(lambda session: customers.remove_customer(session, number)):
        raise DeskError(f"{number} is not known; `hotline customers list` names those that are")
    typer.echo(f"{number} is ordinary from now on")


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """Every known customer."""
    from acd import customers

    found = transact(customers.list_customers)
    if as_json:
        values = [{"number": each.number, "name": each.name, "class": each.customer_class.value} for each in found]
        typer.echo(json.dumps({"customers": values}, ensure_ascii=False))
        return
    for each in found:
        typer.echo(f"{each.number:<16}{each.customer_class.value:<13}{each.name}")
    if not found:
        typer.echo("no customers yet; add one with `hotline customers add NUMBER --class key_account`")
