-- content only: in which files and in which order it came does not matter
with lines as (
    select 'dialogue ' || to_json({dialogue_id: dialogue_id, content: content_sha256, licence: licence})::text as line
    from ingest.dialogues
    where dataset = $dataset
    union all
    select
        'item ' || to_json({
            item_id: item_id, title: title, year: year, genres: genres, people: people, plot: plot, aliases: aliases
        })::text as line
    from ingest.items
    where dataset = $dataset
    union all
    select 'labels ' || labels_sha256 as line
    from ingest.labels
    where dataset = $dataset
    group by labels_sha256
    union all
    select 'link ' || to_json({dialogue_id: dialogue_id, turn_index: turn_index, item_ids: item_ids})::text as line
    from ingest.links
    where dataset = $dataset
)
select
    sha256(coalesce(string_agg(sha256(line), '' order by line), '')) as digest
from lines
