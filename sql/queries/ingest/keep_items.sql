-- an item that a dialogue only named takes the facts of a catalogue, whichever came first
insert into ingest.items by name
select * from incoming
on conflict do update set
    title = excluded.title,
    year = excluded.year,
    genres = excluded.genres,
    people = excluded.people,
    plot = excluded.plot,
    aliases = excluded.aliases,
    licence = excluded.licence
where len(items.genres) + len(items.people) + len(items.plot) = 0
    and len(excluded.genres) + len(excluded.people) + len(excluded.plot) > 0
