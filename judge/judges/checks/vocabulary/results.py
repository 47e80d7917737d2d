"""Numbers and pictures: what a requirement calls them, how code makes and labels them."""

from __future__ import annotations

from judge.judges.checks.vocabulary.concept import Concept, Kind, table

_metric = table(Kind.METRIC)
_figure = table(Kind.FIGURE)

_EVALUATE = " .evaluate evaluate.load torchmetrics.* cross_val_score cross_validate"
_REPORT = " classification_report precision_recall_fscore_support"

METRICS: tuple[Concept, ...] = (
    _metric(
        "performance",
        r"(?:node classification |model |recommendation system )?performance"
        r"(?: evaluation)?(?: results)?(?= (?:is|are) (?:saved|evaluated|recorded|stored))|"
        r"(?:performance|evaluation) results",
        "sklearn.metrics.* .evaluate .score cross_val_score cross_validate torchmetrics.* "
        "evaluate.load surprise.accuracy.*",
        code=r"==.*(?:mean|sum)\(|(?:mean|sum)\(.*==|correct\w*\s*\+=|correct\w*\s*/|\.eq\(|"
        r"\*\*\s*2\)?\.mean\(|mean\(.*\*\*\s*2|sqrt\(",
        labels=r"acc(?:uracy)?|precision|recall|f1|r?mse|mae|r2|r\^2|auc|score|loss|error|map|iou|"
        r"silhouette|rate|return|psnr|ssim|dice",
    ),
    _metric(
        "classification report",
        r"classification report",
        "classification_report sklearn.metrics.classification_report "
        "precision_recall_fscore_support",
        labels=r"precision|recall|f1",
        named=r"classification_report|report",
    ),
    _metric(
        "accuracy",
        r"(?:\w+ )?accurac(?:y|ies)(?: scores?)?",
        "accuracy_score .score balanced_accuracy_score Accuracy" + _REPORT + _EVALUATE,
        code=r"==.*(?:mean|sum)\(|(?:mean|sum)\(.*==|correct\w*\s*\+=|correct\w*\s*/|\.eq\(|"
        r"accuracy\s*=\s*.*(?:/|mean|sum)",
        labels=r"acc(?:uracy)?|accuracies",
        named=r"accuracy",
    ),
    _metric(
        "precision",
        r"precision",
        "precision_score average_precision_score precision_recall_curve Precision" + _REPORT,
        code=r"tp\s*/|true_pos\w*\s*/",
        named=r"precision",
    ),
    _metric(
        "recall",
        r"recall",
        "recall_score precision_recall_curve Recall" + _REPORT,
        code=r"tp\s*/|true_pos\w*\s*/",
        named=r"recall",
    ),
    _metric(
        "F1 score",
        r"(?:macro |micro |weighted )?f1(?:[- ]?scores?)?|f-?(?:score|measure)",
        "f1_score fbeta_score F1Score" + _REPORT,
        code=r"2(?:\.0)?\s*\*.*precision.*recall|2\s*\*\s*\w+\s*\*\s*\w+\s*/",
        labels=r"(?:macro|micro|weighted)?[-_ ]?f[-_ ]?1(?:[-_ ]?(?:score|macro|micro|weighted))?|"
        r"f[-_ ]?score",
        named=r"f1",
    ),
    _metric(
        "RMSE",
        r"(?:root mean squared error\"?\s*)?\(?rmse\)?|root[- ]mean[- ]squared?[- ]error",
        "root_mean_squared_error surprise.accuracy.rmse accuracy.rmse mean_squared_error "
        "MeanSquaredError",
        code=r"sqrt\(|\*\*\s*0\.5",
        labels=r"rmse|root[-_ ]mean[-_ ]squared?[-_ ]error",
        named=r"rmse",
    ),
    _metric(
        "MSE",
        r"mean squared error\"?\s*\(mse\)|mean[- ]squared[- ]error|mse",
        "mean_squared_error MSELoss mse_loss MeanSquaredError" + _EVALUATE,
        code=r"\*\*\s*2\)?\.mean\(|mean\(.*\*\*\s*2|np\.square",
        labels=r"mse|mean[-_ ]squared?[-_ ]error",
        named=r"mse|squared_error",
    ),
    _metric(
        "MAE",
        r"mean absolute error\"?\s*\(mae\)|mean[- ]absolute[- ]error|mae",
        "mean_absolute_error surprise.accuracy.mae accuracy.mae L1Loss l1_loss MeanAbsoluteError"
        + _EVALUATE,
        code=r"abs\(.*mean\(|mean\(.*abs\(",
        labels=r"mae|mean[-_ ]absolute[-_ ]error",
        named=r"mae|absolute_error",
    ),
    _metric(
        "R²",
        r"r\^?2(?: scores?)?|r[- ]?squared\"?(?: scores?)?|r²(?: scores?)?",
        "r2_score .score R2Score" + _EVALUATE,
        code=r"1(?:\.0)?\s*-\s*\w*(?:ss_res|sse|rss)",
        labels=r"r\^?2|r²|r[-_ ]?squared?|r2[-_ ]?score|r\*\*2|coefficient of determination",
        named=r"r2|r_squared",
    ),
    _metric(
        "MAPE",
        r"mape|mean absolute percentage error",
        "mean_absolute_percentage_error",
        labels=r"mape|mean[-_ ]absolute[-_ ]percentage[-_ ]error",
    ),
    _metric(
        "AUC",
        r"(?:roc[- ])?auc(?: scores?)?|area under the (?:roc )?curve",
        "roc_auc_score auc AUC",
        labels=r"(?:roc[-_ ]?)?auc",
    ),
    _metric(
        "silhouette coefficient",
        r"silhouette (?:coefficient|score)s?",
        "silhouette_score silhouette_samples",
        labels=r"silhouette",
        named=r"silhouette",
    ),
    _metric(
        "Dice coefficient",
        r"dice(?: (?:coefficient|score|similarity)s?)?",
        "Dice dice_coef smp.utils.metrics.*",
        code=r"2(?:\.0*)?\s*\*\s*\(?\w*(?:inter|tp|overlap)",
        labels=r"dice",
        named=r"dice",
    ),
    _metric(
        "IoU",
        r"(?:mean )?iou|intersection[- ]over[- ]union|jaccard",
        "jaccard_score JaccardIndex box_iou",
        labels=r"m?iou|jaccard|intersection over union",
        named=r"iou|jaccard",
    ),
    _metric("BLEU", r"bleu", "sentence_bleu corpus_bleu sacrebleu.*", labels=r"bleu"),
    _metric("ROUGE", r"rouge(?:-[l\d])?", "rouge_score.* RougeScorer rouge.*", labels=r"rouge"),
    _metric(
        "PSNR",
        r"psnr",
        "peak_signal_noise_ratio PeakSignalNoiseRatio",
        labels=r"psnr",
        named=r"psnr",
    ),
    _metric("SSIM", r"ssim", "structural_similarity", labels=r"ssim"),
    _metric("word error rate", r"wer|word error rate", "jiwer.*", labels=r"wer|word error rate"),
    _metric("perplexity", r"perplexity", labels=r"perplexity", code=r"exp\("),
    _metric(
        "processing time",
        r"(?:processing|running|execution|inference) time",
        "time.time time.perf_counter timeit.* time.process_time datetime.datetime.now",
        labels=r"time|seconds|elapsed|duration|took",
        named=r"time",
    ),
    _metric(
        "training loss",
        r"training loss(?! (?:and|curve))|losses",
        code=r"\bloss\w*",
        labels=r"loss",
    ),
    _metric(
        "return per episode",
        r"returns?(?: for each episode| of each episode| per episode)?(?= (?:is|are) (?:logged|"
        r"recorded))|episodes and returns",
        code=r"\breturns?\b|reward",
        labels=r"returns?|rewards?|episode",
    ),
    _metric(
        "total profit",
        r"total profit|profits?(?= is saved)",
        code=r"profit|portfolio|net_worth|balance",
        labels=r"profit|return",
    ),
    _metric(
        "final position",
        r"final positions?",
        "pybullet.getBasePositionAndOrientation",
        code=r"position|pos\b",
        labels=r"position|pos|x|\[",
    ),
)

_IMSHOW = "seaborn.heatmap sns.heatmap heatmap .imshow .matshow imshow matshow px.imshow"

FIGURES: tuple[Concept, ...] = (
    _figure(
        "confusion matrix",
        r"confusion matri(?:x|ces)",
        "confusion_matrix ConfusionMatrixDisplay sklearn.metrics.confusion_matrix "
        "plot_confusion_matrix ConfusionMatrix crosstab pandas.crosstab "
        "multilabel_confusion_matrix",
        named=r"confusion",
        labels=r"confusion",
        is_telling=True,
    ),
    _figure(
        "ROC curve",
        r"roc[- ]curves?",
        "roc_curve RocCurveDisplay plot_roc_curve scikitplot.metrics.plot_roc roc_auc_score",
        named=r"roc",
        labels=r"roc",
        is_telling=True,
    ),
    _figure(
        "precision-recall curve",
        r"precision[- ]recall curves?",
        "precision_recall_curve PrecisionRecallDisplay",
        labels=r"precision[- ]recall",
        is_telling=True,
    ),
    _figure(
        "feature importance",
        r"feature importances?(?: plot| explanation)?",
        "permutation_importance plot_importance xgboost.plot_importance shap.* lightgbm.*"
        " .get_score .as_list .explain_instance",
        code=r"feature_importances?_?|\.coef_|importances?",
        named=r"importance",
        labels=r"importance",
        is_telling=True,
    ),
    _figure(
        "learning curve",
        r"(?:learning|training|loss|accuracy|return|reward|profit)s?(?: and \w+)*(?: over time)? "
        r"curves?|training returns(?: over time curve)?|training loss and accuracy curves|"
        r"returns? over time curve|model training loss curve",
        "learning_curve LearningCurveDisplay",
        code=r"(?:plot|line|Scatter|semilogy)\w*\(.*(?:loss|reward|returns|hist|profit|score|acc|episode|"
        r"worth|value|curve|smooth|running|log)",
        named=r"curve|history",
        labels=r"loss|reward|return|profit|curve",
    ),
    _figure(
        "predicted against actual values",
        r"(?:comparison (?:plot )?of )?predicted (?:vs\.?|versus|against|and) (?:the )?actual"
        r"(?: values)?|(?:forecast|prediction|regression) results (?:are|is) (?:plotted|visuali[sz]"
        r"ed)|predictions? vs\.? actuals?",
        "PredictionErrorDisplay seaborn.regplot sns.regplot .predict .forecast .get_forecast "
        ".get_prediction cross_val_predict .predict_on_batch .generate",
        code=r"(?:plot|scatter|regplot|lineplot|scatterplot|Scatter|fill_between)\w*\(.*"
        r"(?:pred|forecast|y_hat|yhat|actual|y_test|true)|\b(?:model|net\w*)\(",
        is_telling=True,
        named=r"pred|forecast|actual",
    ),
    _figure(
        "correlation matrix",
        r"correlation (?:matri(?:x|ces)|heat-?maps?)|heat-?maps? representing the correlations?"
        r"|correlations?",
        ".corr numpy.corrcoef corrcoef spearmanr pearsonr .corrwith",
        named=r"corr",
        labels=r"correlation",
        is_telling=True,
    ),
    _figure(
        "heat map",
        r"heat-?maps?",
        _IMSHOW,
    ),
    _figure(
        "word cloud",
        r"word-? ?clouds?",
        "WordCloud wordcloud.* .generate_from_frequencies",
        named=r"word_?cloud",
        is_telling=True,
    ),
    _figure(
        "elbow plot",
        r"elbow (?:plot|curve)",
        code=r"inertia_|wcss|distortion|\bsse\b|elbow",
        named=r"elbow",
        is_telling=True,
    ),
    _figure(
        "length distribution",
        r"(?:length )?distributions?(?: of .*?)?",
        "seaborn.histplot sns.histplot histplot kdeplot displot .hist hist px.histogram countplot",
        named=r"distribution|hist",
    ),
    _figure("histogram", r"histograms?", "histplot .hist hist px.histogram", named=r"hist"),
    _figure("scatter plot", r"scatter(?: ?plots?)?", "scatter .scatter scatterplot px.scatter"),
    _figure("box plot", r"box-?plots?", "boxplot .boxplot px.box"),
    _figure(
        "bar chart",
        r"bar[- ](?:charts?|plots?|graphs?)",
        ".bar .barh barplot px.bar bar barh countplot go.Bar",
    ),
    _figure("line plot", r"line[- ](?:plots?|charts?)", ".plot lineplot px.line plot go.Scatter"),
    _figure(
        "confidence intervals",
        r"confidence intervals?",
        "fill_between .fill_between .conf_int .get_prediction .errorbar errorbar lineplot regplot "
        "go.Scatter .bar",
        code=r"1\.96|conf_int|ci_(?:low|high|upper|lower)|(?:lower|upper)",
    ),
    _figure(
        "spectrogram",
        r"(?:audio )?spectrograms?",
        "librosa.display.specshow specshow melspectrogram stft MelSpectrogram spectrogram specgram"
        " librosa.feature.melspectrogram",
        named=r"spectro",
        is_telling=True,
    ),
    _figure(
        "waveform",
        r"waveforms?",
        "waveshow librosa.display.waveshow waveplot librosa.display.*",
        code=r"\.plot\(",
        named=r"wave",
        is_telling=True,
    ),
    _figure(
        "attention weights",
        r"attention (?:weights|maps?)",
        code=r"att(?:n|ention)?_?\w*|alphas?",
        named=r"att",
    ),
    _figure(
        "embedding visualisation",
        r"embedding results|embeddings? (?:are |is )?visuali[sz]\w+",
        "TSNE PCA umap.*",
        code=r"embedd",
        named=r"embed",
    ),
    _figure(
        "cluster visualisation",
        r"(?:clustering|customer segmentation)(?: results?)? (?:is|are) visuali[sz]ed|"
        r"network traffic clustering",
        "scatter .scatter scatterplot px.scatter pairplot PCA sns.scatterplot",
        named=r"cluster|segment",
    ),
    _figure(
        "network graph",
        r"(?:citation )?network (?:structure|graph|visuali[sz]ation)|interactive network graph",
        "d3.* forceSimulation vis.Network cytoscape "
        "networkx.* nx.draw draw_networkx pyvis.* from_networkx",
        named=r"graph|network",
    ),
    _figure(
        "path animation",
        r"paths? taken(?: during learning)?",
        "imageio.* FuncAnimation mimsave ArtistAnimation PillowWriter",
        code=r"path|trajector|position",
        named=r"path",
    ),
    _figure(
        "motion recording",
        r"(?:sample of )?(?:the )?robot's motion",
        "imageio.* mimsave FuncAnimation getCameraImage .save ImageSequenceClip",
        named=r"gif|record|motion|render",
    ),
)
