-- an annotation that stood in for its dialogue gives way to it
delete from ingest.turns
where dataset = $dataset and dialogue_id in (select unnest($dialogue_ids))
