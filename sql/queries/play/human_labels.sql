-- of one annotator's labels of a row those of the sheet that was read last
select
    human_labels.label_id,
    human_labels.annotator,
    label_rows.engine,
    label_rows.dialogue_id,
    label_rows.before as answered,
    label_rows.text,
    arg_max(human_labels.reaction, human_labels.rowid) filter (where human_labels.reaction is not null) as reaction,
    arg_max(human_labels.act, human_labels.rowid) filter (where human_labels.act is not null) as act
from play.human_labels
inner join play.label_rows using (label_id)
where label_rows.dataset = $dataset
group by human_labels.label_id, human_labels.annotator, label_rows.engine, label_rows.dialogue_id, label_rows.before, label_rows.text
order by human_labels.label_id, human_labels.annotator
