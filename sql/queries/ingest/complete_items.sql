-- an item that a dialogue only named takes the facts of a catalogue, whichever came first
update ingest.items
set
    title = incoming.title,
    year = incoming.year,
    genres = incoming.genres,
    people = incoming.people,
    plot = incoming.plot,
    aliases = incoming.aliases,
    licence = incoming.licence
from incoming
where items.dataset = incoming.dataset
    and items.item_id = incoming.item_id
    and len(items.genres) + len(items.people) + len(items.plot) = 0
    and len(incoming.genres) + len(incoming.people) + len(incoming.plot) > 0
