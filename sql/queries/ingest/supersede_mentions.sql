-- an annotation that stood in for its dialogue gives way to it
delete from ingest.mentions
where dataset = $dataset and dialogue_id in (select unnest($dialogue_ids))
