"""Algorithms and models: what a requirement calls them, and what building one looks like."""

from __future__ import annotations

from judge.judges.checks.vocabulary.concept import Concept, Kind, table

_estimator = table(Kind.METHOD, "estimator")
_cluster = table(Kind.METHOD, "clustering")
_network = table(Kind.METHOD, "network")
_pretrained = table(Kind.METHOD, "pretrained")
_agent = table(Kind.METHOD, "agent")
_other = table(Kind.METHOD)

ESTIMATORS: tuple[Concept, ...] = (
    _estimator(
        "SVM",
        r"svms?|svc|svr|support[- ]vector(?:[- ](?:machines?|classif\w+|regress\w+))?|svm\s+\w+",
        "sklearn.svm.* cuml.svm.* thundersvm.* SVC SVR LinearSVC LinearSVR NuSVC OneClassSVM",
        literals=r"^(?:svmLinear|svmRadial)$",
        code=r"\bloss\s*=\s*['\"]hinge|hinge_loss|\bsvm_(?:train|model)\b",
        named=r"svm|support_?vector|sv[cr](?:$|_|[A-Z])",
    ),
    _estimator(
        "linear regression",
        r"linear regression(?: model)?|ols",
        "LinearRegression statsmodels.api.OLS statsmodels.formula.api.ols numpy.linalg.lstsq "
        "numpy.polyfit scipy.stats.linregress torch.nn.Linear SGDRegressor",
        code=r"linalg\.(?:lstsq|solve|pinv|inv)\b",
        named=r"linear_?reg|ols(?:$|_)",
    ),
    _estimator(
        "logistic regression",
        r"logistic regression(?: (?:model|classifier))?",
        "LogisticRegression LogisticRegressionCV statsmodels.api.Logit "
        "statsmodels.formula.api.logit",
        code=r"1(?:\.0*)?\s*/\s*\(1(?:\.0*)?\s*\+\s*(?:np|math|torch)\.exp\(-",
        named=r"logistic_?reg|logit",
    ),
    _estimator(
        "ridge regression",
        r"ridge(?: regression)?(?: model)?",
        "sklearn.linear_model.Ridge Ridge RidgeCV KernelRidge RidgeClassifier",
        named=r"ridge",
    ),
    _estimator("lasso", r"lasso(?: regression)?", "Lasso LassoCV LassoLars", named=r"lasso"),
    _estimator("elastic net", r"elastic[- ]?net", "ElasticNet ElasticNetCV", named=r"elastic_?net"),
    _estimator(
        "decision tree",
        r"decision[- ]trees?(?: (?:model|classifier|regress\w+))*",
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor "
        "sklearn.tree.*",
        code=r"\b(?:gini|information_gain|best_split)\w*\s*\(",
        named=r"decision_?tree",
    ),
    _estimator(
        "random forest",
        r"random[- ]forests?(?: (?:model|classifier|regress\w+))*",
        "RandomForestClassifier RandomForestRegressor pyspark.ml.classification.RandomForest* "
        "XGBRFClassifier XGBRFRegressor",
        named=r"random_?forest",
    ),
    _estimator("extra trees", r"extra[- ]trees", "ExtraTreesClassifier ExtraTreesRegressor"),
    _estimator(
        "gradient boosting",
        r"gradient[- ]boost\w*(?: (?:machine|tree|model|classifier|regressor)s?)?|gbm",
        "GradientBoostingClassifier GradientBoostingRegressor HistGradientBoostingClassifier "
        "HistGradientBoostingRegressor xgboost.* lightgbm.* catboost.*",
        named=r"gradient_?boost|gbm",
    ),
    _estimator(
        "XGBoost",
        r"xg-?boost(?: (?:model|classifier|regressor))?",
        "xgboost.* XGBClassifier XGBRegressor xgb.train xgb.DMatrix",
    ),
    _estimator("LightGBM", r"light-?gbm", "lightgbm.* LGBMClassifier LGBMRegressor lgb.train"),
    _estimator("CatBoost", r"cat-?boost", "catboost.* CatBoostClassifier CatBoostRegressor"),
    _estimator("AdaBoost", r"ada-?boost", "AdaBoostClassifier AdaBoostRegressor"),
    _estimator(
        "KNN",
        r"k-?nn(?: classifier)?|k[- ]nearest[- ]neighbou?rs?(?: (?:classifier|model))?",
        "KNeighborsClassifier KNeighborsRegressor sklearn.neighbors.NearestNeighbors",
        named=r"knn|nearest_?neighbou?r",
    ),
    _estimator(
        "naive Bayes",
        r"na[iï]ve[- ]bayes(?:ian)?(?: (?:model|classifier))?",
        "sklearn.naive_bayes.* MultinomialNB GaussianNB BernoulliNB ComplementNB CategoricalNB "
        "nltk.NaiveBayesClassifier nltk.classify.NaiveBayesClassifier",
        named=r"na[iï]ve_?bayes",
        code=r"log_prior|log_likelihood|class_log_prior|word_counts",
    ),
    _estimator(
        "multilayer perceptron",
        r"multi-?layer perceptrons?|mlps?(?: classifier)?|feed-?forward (?:neural )?networks?",
        "MLPClassifier MLPRegressor torchvision.ops.MLP",
        parts=("torch.nn.Linear keras.layers.Dense Dense Linear",),
        named=r"mlp|perceptron",
    ),
    _estimator(
        "Gaussian process",
        r"gaussian process(?:es)?",
        "sklearn.gaussian_process.* gpytorch.*",
        named=r"gaussian_?process",
    ),
    _estimator(
        "ARIMA",
        r"s?arimax?",
        "ARIMA SARIMAX pmdarima.* AutoARIMA auto_arima",
        named=r"arima",
    ),
    _estimator("Prophet", r"prophet", "prophet.* fbprophet.* Prophet", named=r"prophet"),
)

CLUSTERINGS: tuple[Concept, ...] = (
    _cluster(
        "k-means",
        r"k-?means(?: clustering)?(?: algorithm)?",
        "sklearn.cluster.KMeans KMeans MiniBatchKMeans sklearn.cluster.k_means "
        "scipy.cluster.vq.kmeans scipy.cluster.vq.kmeans2 faiss.Kmeans cv2.kmeans BisectingKMeans",
        named=r"k_?means",
        code=r"\bcentroids?\b.*(?:mean|argmin)",
    ),
    _cluster("DBSCAN", r"h?dbscan", "DBSCAN HDBSCAN", named=r"dbscan"),
    _cluster(
        "hierarchical clustering",
        r"hierarchical clustering|agglomerative(?: clustering)?",
        "AgglomerativeClustering scipy.cluster.hierarchy.*",
    ),
    _cluster(
        "Gaussian mixture",
        r"gaussian mixtures?(?: models?)?|gmm",
        "GaussianMixture BayesianGaussianMixture",
    ),
)

_CONV = "Conv1d Conv2d Conv3d Conv1D Conv2D Conv3D Convolution2D SeparableConv2D Conv conv2d"
_UP = (
    "ConvTranspose2d ConvTranspose1d Conv2DTranspose UpSampling2D Upsample interpolate "
    "PixelShuffle depth_to_space"
)
_LSTM = "LSTM LSTMCell CuDNNLSTM ConvLSTM2D"

NETWORKS: tuple[Concept, ...] = (
    _network(
        "CNN-LSTM",
        r"cnn[- +/]*lstm(?: (?:model|network))?",
        parts=(_CONV, _LSTM + " GRU"),
    ),
    _network(
        "sequence-to-sequence model",
        r"sequence[- ]to[- ]sequence(?: models?)?|seq2seq(?: models?)?|encoder[- ]decoder",
        "RepeatVector Seq2Seq AutoModelForSeq2SeqLM transformers.EncoderDecoderModel tfa.seq2seq.*",
        named=r"seq2?_?(?:to_?)?2?_?seq|encoder_?decoder|^decoder|^encoder",
    ),
    _network(
        "LSTM",
        r"lstms?(?: (?:model|network|layer)s?)?|long short[- ]term memory(?: networks?)?",
        _LSTM + " torch.nn.LSTM keras.layers.LSTM",
        code=r"forget_gate|\bf_t\s*=|sigmoid\(.*\*\s*c\w*\s*\+|\*\s*(?:\w+\.)?tanh\(\s*(?:self\.)?c",
    ),
    _network("GRU", r"grus?|gated recurrent units?", "GRU GRUCell"),
    _network("RNN", r"rnns?|recurrent neural networks?", "RNN SimpleRNN LSTM GRU RNNCell"),
    _network(
        "CNN",
        r"cnns?(?: (?:model|network))?|convolutional(?: neural)? networks?|convnets?",
        _CONV,
    ),
    _network(
        "attention",
        r"(?:self[- ]|cross[- ]|multi[- ]?head(?:ed)? |soft |visual )?attention"
        r"(?: (?:mechanisms?|layers?|modules?))?(?! weights)",
        "MultiheadAttention MultiHeadAttention Attention AdditiveAttention "
        "scaled_dot_product_attention",
        named=r"attention|attn",
        code=r"softmax\(.*(?:score|energy|att|alpha|e\b|weights)|(?:att|alpha|energy|scores?)\w*"
        r"\s*=\s*.*softmax",
    ),
    _network(
        "transformer",
        r"transformers?(?:[- ]based)?(?: (?:model|network|architecture)s?)?",
        "Transformer TransformerEncoder TransformerEncoderLayer TransformerDecoder "
        "TransformerDecoderLayer MultiheadAttention MultiHeadAttention "
        "scaled_dot_product_attention transformers.AutoModel* transformers.T5* transformers.Bart* "
        "transformers.GPT2* transformers.Bert* transformers.Encoder* transformers.pipeline "
        "AutoModelForSeq2SeqLM AutoModelForCausalLM T5ForConditionalGeneration",
        named=r"transformer",
    ),
    _network("autoencoder", r"auto-?encoders?", named=r"auto_?encoder|^ae$"),
    _network("VAE", r"vaes?|variational auto-?encoders?", named=r"vae|variational"),
    _network(
        "DCGAN",
        r"dcgan(?: model)?|deep convolutional gan",
        parts=(_CONV, "ConvTranspose2d Conv2DTranspose UpSampling2D Upsample"),
    ),
    _network(
        "SRGAN",
        r"e?srgan(?: model)?",
        "RRDBNet SRGAN RealESRGANer ISR.models.*",
        parts=(_CONV, _UP + " nn.PReLU PReLU"),
        literals=r"srgan",
        named=r"sr_?gan|generator|sr_?resnet",
    ),
    _network(
        "GAN",
        r"gans?(?: model)?|generative adversarial networks?",
        named=r"gan(?:$|_|[A-Z])|generator|discriminator",
    ),
    _network(
        "SRCNN",
        r"srcnn(?: model)?",
        "SRCNN",
        parts=(_CONV,),
        named=r"sr_?cnn|super_?res",
    ),
    _network(
        "U-Net",
        r"u-?net(?: model)?",
        "segmentation_models_pytorch.Unet smp.Unet Unet UNet unet_learner monai.networks.nets.UNet "
        "segmentation_models.Unet UNet2DModel",
        parts=(_CONV, _UP, "cat concatenate Concatenate concat"),
        literals=r"u-?net",
        named=r"u_?net",
    ),
    _network(
        "Siamese network",
        r"siam(?:ese|fc|rpn)\"?\s*(?:networks?|models?)?",
        "SiamFC SiamRPN",
        named=r"siam",
    ),
    _network(
        "neural collaborative filtering",
        r"neural collaborative filtering(?:\s*\(ncf\))?|ncf|neumf",
        "recbole.model.general_recommender.neumf.NeuMF NeuMF NCF",
        parts=("Embedding", "Linear Dense"),
        named=r"ncf|neu_?mf|neural_?collab",
    ),
    _network(
        "GCN",
        r"gcns?(?: model)?|graph convolution(?:al)? networks?|gnns?|graph neural networks?",
        "GCNConv GraphConv SAGEConv GATConv GCN2Conv GraphConvolution",
        code=r"(?:adj|a_hat|a_norm|laplacian)\w*\s*@|spmm\(|sparse\.mm\(",
        named=r"gcn|graph_?conv",
    ),
    _network(
        "Show and Tell",
        r"show[- ](?:and|attend(?: and)?)[- ]tell(?: models?)?",
        "VisionEncoderDecoderModel BlipForConditionalGeneration",
        parts=(
            "LSTM LSTMCell GRU",
            "Embedding",
            _CONV + " resnet50 resnet101 resnet18 inception_v3"
            " InceptionV3 resnet34 resnet152 vgg16 VGG16 models.*",
        ),
        literals=r"show[-_ ]?(?:and|attend|tell)|caption|vit-gpt2|blip",
        named=r"caption|show_?(?:and_?)?tell|decoder_?rnn|encoder_?cnn",
    ),
)

PRETRAINED: tuple[Concept, ...] = (
    *(
        _pretrained(
            f"ResNet-{n}",
            rf"resnet-?{n}(?: model)?",
            f"resnet{n} ResNet{n} ResNet{n}V2 ResNet{n}_Weights torchvision.models.resnet{n}",
            literals=rf"resnet[-_]?{n}",
            named=rf"resnet_?{n}",
        )
        for n in (18, 34, 50, 101, 152)
    ),
    _pretrained(
        "ResNet",
        r"resnet(?: model)?",
        "resnet18 resnet34 resnet50 resnet101 resnet152 ResNet50 ResNet101 ResNet ResNetV2",
        literals=r"resnet",
        named=r"resnet|residual",
    ),
    _pretrained(
        "DenseNet-121",
        r"densenet-?121(?: model)?|densenet(?: model)?",
        "densenet121 DenseNet121 DenseNet121_Weights",
        literals=r"densenet[-_]?121",
    ),
    _pretrained(
        "VGG",
        r"vgg-?(?:11|13|16|19)?(?: model)?",
        "vgg11 vgg13 vgg16 vgg19 VGG16 VGG19 vgg16_bn vgg19_bn",
        literals=r"vgg",
    ),
    _pretrained(
        "EfficientNet",
        r"efficientnet(?:-?b\d)?",
        "efficientnet_b0 EfficientNetB0 efficientnet_pytorch.*",
        literals=r"efficientnet",
    ),
    _pretrained(
        "MobileNet",
        r"mobilenet(?:-?v\d)?",
        "mobilenet_v2 MobileNetV2 mobilenet_v3_small mobilenet_v3_large MobileNet",
        literals=r"mobilenet",
    ),
    _pretrained("AlexNet", r"alexnet", "alexnet", literals=r"alexnet", named=r"alexnet"),
    _pretrained(
        "YOLOv3",
        r"yolo-?v3(?: model)?",
        "YOLOv3 Darknet",
        literals=r"yolo-?v3|yolov3u?",
        named=r"yolo_?v?3|darknet",
    ),
    _pretrained(
        "YOLO",
        r"yolo(?:-?v\d+)?(?: model)?",
        "ultralytics.* YOLO Darknet cv2.dnn.readNetFromDarknet",
        literals=r"yolo",
        named=r"yolo",
    ),
    _pretrained(
        "FaceNet",
        r"facenet(?: model)?",
        "facenet_pytorch.* InceptionResnetV1 deepface.*",
        literals=r"facenet",
        named=r"facenet|inception_?resnet",
    ),
    _pretrained(
        "BERT",
        r"(?:distil|ro)?bert(?:[- ]base)?(?: model)?",
        "transformers.Bert* transformers.DistilBert* transformers.Roberta* "
        "BertForSequenceClassification DistilBertForSequenceClassification BertModel TFBertModel "
        "TFBertForSequenceClassification BertConfig RobertaForSequenceClassification "
        "DistilBertModel",
        literals=r"bert",
        named=r"bert",
    ),
    _pretrained(
        "GPT-2",
        r"(?:distil)?gpt-?2(?: model)?",
        "transformers.GPT2* GPT2LMHeadModel TFGPT2LMHeadModel GPT2Model",
        literals=r"gpt-?2",
    ),
    _pretrained(
        "BART",
        r"bart(?: model)?",
        "transformers.Bart* BartForConditionalGeneration",
        literals=r"\bbart|distilbart",
    ),
    _pretrained(
        "T5", r"t5(?: model)?", "transformers.T5* T5ForConditionalGeneration", literals=r"\bt5"
    ),
    _pretrained(
        "perceptual loss",
        r"perceptual loss(?: (?:model|network))?",
        "vgg16 vgg19 VGG16 VGG19 vgg19_bn vgg16_bn lpips.LPIPS",
        literals=r"vgg",
        named=r"perceptual|content_?loss|style_?loss|feature_?loss",
    ),
    _pretrained(
        "speech recognition model",
        r"speech[- ]recognition models?|deep-?speech\d?|wav2vec2?|whisper",
        "transformers.Wav2Vec2* Wav2Vec2ForCTC whisper.load_model deepspeech.* torch.nn.CTCLoss "
        "CTCLoss torchaudio.pipelines.* ctc_loss torchaudio.models.* speechbrain.*",
        literals=r"wav2vec|whisper|deepspeech",
        named=r"deep_?speech|speech|acoustic|asr",
    ),
    _pretrained(
        "QLoRA",
        r"qlora",
        "peft.* bitsandbytes.* BitsAndBytesConfig LoraConfig",
        literals=r"qlora",
        named=r"q?lora",
    ),
)

AGENTS: tuple[Concept, ...] = (
    _agent(
        "DQN",
        r"d?dqn(?: (?:algorithm|agent|model))?|deep q-?(?:learning|networks?)",
        "stable_baselines3.DQN tf_agents.agents.dqn.* rl.agents.dqn.*",
        named=r"dqn|q_?net|deep_?q",
    ),
    _agent(
        "Q-learning",
        r"q-?learning(?: (?:algorithm|agent))?",
        # What sets it apart from its kin is the maximum over the next state's actions.
        code=r"[qQ]\w*\[.*\]\s*(?:\+=|=(?!=)).*max",
    ),
    _agent(
        "PPO",
        r"ppo(?: (?:algorithm|agent))?|proximal policy optimi[sz]ation(?:\s*\(ppo\))?"
        r"(?: (?:algorithm|agent))?",
        "stable_baselines3.PPO PPO ray.rllib.* tianshou.policy.PPOPolicy PPOTrainer PPOConfig",
        code=r"clamp\(.*1(?:\.0)?\s*-\s*|clip\(.*1(?:\.0)?\s*-\s*|surr(?:ogate)?_?[12]|"
        r"clip_(?:ratio|eps|param|range)",
        named=r"ppo",
    ),
    _agent(
        "A2C",
        r"a[23]c|advantage actor[- ]critic",
        "stable_baselines3.A2C A2C",
        named=r"a[23]c|actor_?critic",
    ),
    _agent("SAC", r"sac|soft actor[- ]critic", "stable_baselines3.SAC SAC"),
    _agent("SARSA", r"sarsa", named=r"sarsa", code=r"q\w*\[next_state.*next_action"),
)

OTHERS: tuple[Concept, ...] = (
    _other(
        "TF-IDF",
        r"tf-?idf(?: (?:features?|vectors?|vectori[sz]er))?",
        "TfidfVectorizer TfidfTransformer gensim.models.TfidfModel TfidfModel",
        literals=r"^tf-?idf$",
        named=r"tf_?idf",
        code=r"\bidf\w*\s*=|\*\s*idf\b",
    ),
    _other(
        "bag of words",
        r"bag[- ]of[- ]words",
        "CountVectorizer HashingVectorizer .doc2bow",
    ),
    _other(
        "Word2Vec",
        r"word2vec",
        "gensim.models.Word2Vec Word2Vec KeyedVectors",
        literals=r"word2vec",
    ),
    _other(
        "GloVe",
        r"glove(?: embeddings?)?",
        "torchtext.vocab.GloVe GloVe glove2word2vec",
        literals=r"glove",
        named=r"glove",
    ),
    _other(
        "word embeddings",
        r"word embeddings?",
        "gensim.models.* Word2Vec KeyedVectors Embedding FastText torchtext.vocab.* "
        "SentenceTransformer .load_word2vec_format EmbeddingBag",
        literals=r"glove|word2vec|fasttext",
        named=r"embedding|word_?vec",
    ),
    _other(
        "facial embeddings",
        r"(?:facial|face) embeddings?",
        "InceptionResnetV1 deepface.* face_recognition.face_encodings DeepFace.represent",
        named=r"embed|encode|facenet",
        literals=r"facenet",
        code=r"embedding",
    ),
    _other(
        "matrix factorisation",
        r"matrix[- ]factori[sz]ation(?: (?:model|baseline|algorithm))?|latent[- ]factors?"
        r"(?: models?)?|svd(?:\+\+)?|als",
        "surprise.SVD surprise.SVDpp surprise.NMF SVD SVDpp TruncatedSVD NMF implicit.* "
        "pyspark.ml.recommendation.ALS svds scipy.sparse.linalg.svds numpy.linalg.svd "
        "AlternatingLeastSquares lightfm.*",
        named=r"matrix_?fact|latent_?factor|svd|als(?:$|_)",
        # Learning shows where the factors of a user are moved, not where they are multiplied.
        code=r"\b(?:[PUW]|(?:self\.)?\w*user\w*|(?:self\.)?p)\[[^\]]+\](?:\s*,\s*\w+\[[^\]]+\])?\s*"
        r"(?:\+=|-=|=.*\b(?:lr|alpha|eta|gamma|err\w*|e|solve)\b)",
    ),
    _other(
        "collaborative filtering",
        r"collaborative filtering",
        "surprise.* implicit.* cosine_similarity NearestNeighbors lightfm.*",
        named=r"collab",
    ),
    _other(
        "PCA",
        r"pca|principal component analysis",
        "PCA IncrementalPCA KernelPCA TruncatedSVD numpy.linalg.svd",
    ),
    _other("t-SNE", r"t-?sne", "TSNE openTSNE.*"),
    _other("UMAP", r"umap", "umap.* UMAP"),
    _other(
        "non-maximum suppression",
        r"non-?max(?:imum)?[- ]suppression\"?(?:\s*\(nms\))?|nms",
        "torchvision.ops.nms torchvision.ops.batched_nms cv2.dnn.NMSBoxes nms NMSBoxes batched_nms "
        "tf.image.non_max_suppression non_max_suppression combined_non_max_suppression",
        named=r"nms|non_?max",
    ),
    _other(
        "SHAP",
        r"shap(?: values?)?",
        "shap.*",
        code=r"pred_contribs",
    ),
    _other("LIME", r"lime", "lime.* LimeTabularExplainer LimeTextExplainer LimeImageExplainer"),
    _other(
        "Grad-CAM",
        r"grad-?cam",
        "pytorch_grad_cam.* GradCAM GradCAMPlusPlus torchcam.* captum.attr.LayerGradCam",
        named=r"grad_?cam|GradCAM",
        code=r"register_(?:full_)?backward_hook|GradientTape",
    ),
    _other(
        "MFCC",
        r"mfccs?(?: features?)?(?: extraction)?",
        "librosa.feature.mfcc torchaudio.transforms.MFCC python_speech_features.mfcc mfcc MFCC",
        named=r"mfcc",
    ),
    _other(
        "style transfer",
        r"style transfer",
        "vgg19 vgg16 VGG19",
        named=r"style_?transfer|gram_?matrix|styli[sz]e",
        literals=r"vgg|arbitrary-image-styli",
    ),
    _other("dropout", r"dropout(?: layers?)?", "Dropout Dropout2d dropout"),
    _other(
        "batch normalisation", r"batch[- ]?norm\w*", "BatchNorm1d BatchNorm2d BatchNormalization"
    ),
)

METHODS: tuple[Concept, ...] = (
    *ESTIMATORS,
    *CLUSTERINGS,
    *NETWORKS,
    *PRETRAINED,
    *AGENTS,
    *OTHERS,
)
