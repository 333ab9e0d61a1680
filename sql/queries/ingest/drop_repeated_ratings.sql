-- ratings of this source that another one brought before, told apart by who rated what when and how
delete from ingest.ratings
where dataset = $dataset
    and source_sha256 = $source_sha256
    and exists (
        select 1
        from ingest.ratings as earlier
        where earlier.dataset = ratings.dataset
            and earlier.source_sha256 <> ratings.source_sha256
            and earlier.user_id = ratings.user_id
            and earlier.item_id = ratings.item_id
            and earlier.rated_at is not distinct from ratings.rated_at
            and earlier.value = ratings.value
    )
