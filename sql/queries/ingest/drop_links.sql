-- links follow from texts and catalogue, so they are found anew when either has grown
delete from ingest.links
where dataset = $dataset
