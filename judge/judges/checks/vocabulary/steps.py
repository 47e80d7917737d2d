"""What is done to data and to models: what a requirement calls it, and how code does it."""

from __future__ import annotations

from judge.judges.checks.vocabulary.concept import Concept, Kind, table

_step = table(Kind.STEP)

_AUGMENTS = r"augment"
_IMAGE = r"augment|image|facial|crop|flip"

CLEANING: tuple[Concept, ...] = (
    _step(
        "stop-word removal",
        r"stop[- ]?words?",
        "nltk.corpus.stopwords.words stopwords.words remove_stopwords "
        "gensim.parsing.preprocessing.*",
        literals=r"^english$",
        code=r"stop_?words?\b|STOP_?WORDS|is_stop\b",
    ),
    _step(
        "punctuation removal",
        r"punctuations?",
        "str.maketrans strip_punctuation RegexpTokenizer",
        code=r"string\.punctuation|punctuation|isalnum|isalpha|is_punct|maketrans",
        literals=r"\[\^\\?[aw]|\[\^\\w|\\W|\[\^a-z|\[!\"#",
        named=r"punct",
    ),
    _step(
        "special-character removal",
        r"special[- ]characters?",
        "str.maketrans strip_non_alphanum",
        code=r"string\.punctuation|isalnum|isalpha|special",
        literals=r"\[\^\\?[aw]|\[\^\\w|\\W|\[\^a-z",
        named=r"special",
    ),
    _step(
        "HTML tag removal",
        r"html tags?",
        "BeautifulSoup bs4.* html.unescape .get_text strip_tags",
        literals=r"<[^>]*>|<\.\*\?>|<\[\^>",
        named=r"html",
    ),
    _step(
        "lower-casing",
        r"lower-?cas(?:ing|ed?)",
        ".lower .casefold",
        code=r"\.lower\(|lowercase\s*=\s*True|\.toLowerCase\(",
    ),
    _step(
        "extra-space removal",
        r"extra spaces?|white ?spaces?",
        literals=r"\\s\+|\\s\{2| {2,}| \+",
        code=r"\.join\(.*\.split\(\)|\.strip\(",
        named=r"space",
    ),
    _step(
        "spelling correction",
        r"spelling(?: errors?| mistakes?)?|spell[- ]?check\w*",
        "spellchecker.* SpellChecker TextBlob .correct autocorrect.* Speller "
        "language_tool_python.* LanguageTool symspellpy.*",
        named=r"spell|typo|correct",
        code=r"TYPOS|MISSPELL|(?:typo|spell|correction)s?\w*\.items\(",
    ),
    _step(
        "noise removal",
        r"(?:noise|noisy(?: data)?) (?:removal|reduction)|de-?nois(?:ing|ed?)|removing noise",
        "noisereduce.* librosa.effects.trim librosa.effects.preemphasis scipy.signal.butter "
        "scipy.signal.filtfilt scipy.signal.wiener scipy.signal.lfilter scipy.signal.medfilt "
        "wiener sosfilt sosfiltfilt savgol_filter medfilt .drop_duplicates .dropna TruncatedSVD "
        "librosa.decompose.nn_filter cv2.GaussianBlur cv2.medianBlur cv2.fastNlMeansDenoising "
        "BeautifulSoup re.sub spectral_gate remove_self_loops",
        named=r"noise|denois|clean|trim",
    ),
    _step(
        "missing-value handling",
        r"missing (?:data|values?|entries)|(?:mean )?imput(?:ation|ed?|ing)|interpolation",
        ".fillna .dropna .ffill .bfill .interpolate SimpleImputer KNNImputer IterativeImputer "
        "sklearn.impute.* numpy.nan_to_num nan_to_num",
        code=r"isna\(\)|isnull\(\)|isnan\(|notna\(\)|na_values",
        named=r"missing|impute|fill_?na|drop_?na|nan",
    ),
    _step(
        "outlier handling",
        r"outliers?",
        "scipy.stats.zscore zscore IsolationForest LocalOutlierFactor .clip winsorize numpy.clip "
        "EllipticEnvelope RobustScaler mstats.winsorize",
        code=r"\.quantile\(|percentile\(|\bz_?scores?\b|\biqr\b|\bIQR\b|\.clip\(|outlier\w*\s*=.*[<>|&]"
        r"|\bz\w*(?:\.abs\(\))?\s*[<>]=?\s*\d|\[.*(?:mean|median)\(.*[<>].*std\("
        r"|\.mask\(",
        named=r"outlier",
    ),
    _step(
        "data cleaning",
        r"(?:data|dataset|text|is|are)[ -](?:\w+ )?clean(?:ing|ed)|clean up the text|cleaned",
        ".dropna .fillna .drop_duplicates re.sub .str.replace .lower .strip .replace",
        named=r"clean|preprocess|normali[sz]e",
    ),
    _step(
        "tokenisation",
        r"(?:word )?tokeni[sz](?:ation|ing|ed?)",
        "nltk.word_tokenize nltk.tokenize.* word_tokenize Tokenizer .tokenize tokenizer "
        "AutoTokenizer.from_pretrained .from_pretrained CountVectorizer TfidfVectorizer "
        "get_tokenizer simple_preprocess .batch_encode_plus RegexpTokenizer re.findall",
        named=r"token",
        code=r"tokeni[sz]er?\w*\(|\.split\(\)",
    ),
    _step(
        "stemming or lemmatisation",
        r"stemm?ing|lemmati[sz]\w+",
        "PorterStemmer WordNetLemmatizer SnowballStemmer .lemmatize .stem",
        code=r"\.lemma_",
    ),
)

SCALING: tuple[Concept, ...] = (
    _step(
        "standardisation",
        r"(?:data |feature )?standardi[sz](?:ation|ed?|ing)",
        "StandardScaler sklearn.preprocessing.scale scipy.stats.zscore zscore "
        "sklearn.preprocessing.RobustScaler fixed_image_standardization "
        "per_image_standardization transforms.Normalize torchvision.transforms.Normalize "
        "Normalize MinMaxScaler",
        code=r"-\s*[\w.\[\]]*(?:mean|mu)\w*(?:\([^)]*\))?\)*\s*/\s*\(?[\w.\[\]]*"
        r"(?:std|sigma|scale|sd)|\.mean\([^)]*\)\)\s*/\s*\S*\.std\(",
        named=r"standardi[sz]e|z_?score",
    ),
    _step(
        "feature scaling",
        r"(?:feature )?scal(?:ing|ed)",
        "StandardScaler MinMaxScaler RobustScaler MaxAbsScaler Normalizer PowerTransformer "
        "QuantileTransformer sklearn.preprocessing.scale minmax_scale ColumnTransformer",
        code=r"-\s*[\w.\[\]]*mean\w*(?:\([^)]*\))?\)*\s*/|-\s*[\w.\[\]]*min\w*(?:\([^)]*\))?\)*"
        r"\s*/|/=?\s*(?:np\.)?\(?\s*(?:255|16|[A-Z_]*MAX\w*|\w+\.max\()",
        named=r"scal|normali[sz]e|standardi[sz]e",
    ),
    _step(
        "normalisation",
        r"normali[sz](?:ation|ed?|ing)",
        "MinMaxScaler StandardScaler Normalizer transforms.Normalize "
        "torchvision.transforms.Normalize Normalize NormalizeFeatures normalize "
        "sklearn.preprocessing.normalize librosa.util.normalize ToTensor A.Normalize Rescaling "
        "cv2.normalize BatchNormalization torch.nn.functional.normalize .normalize to_tensor "
        "pil_to_tensor tf.image.per_image_standardization",
        code=r"/=?\s*(?:255|127\.5|32768|16)\b|/=?\s*(?:np\.max|np\.abs|max)\(|"
        r"-\s*[\w.\[\]]*mean\w*(?:\([^)]*\))?\)*\s*/|-\s*[\w.\[\]]*min\w*(?:\([^)]*\))?\)*\s*/|"
        r"/\s*[\w.]*(?:norm|max|std|sum|rating_range)\w*\b",
        named=r"normali[sz]e|rescale",
    ),
    _step(
        "encoding",
        r"(?:feature |label |one-?hot |categorical )*encod(?:ing|ed)",
        "OneHotEncoder LabelEncoder OrdinalEncoder pandas.get_dummies get_dummies LabelBinarizer "
        "TargetEncoder to_categorical .factorize pandas.factorize category_encoders.* "
        ".cat.codes CountEncoder BinaryEncoder",
        code=r"\.cat\.codes|\.map\(\s*\{|get_dummies|\.map\(\w+\)",
        named=r"encod|one_?hot|dumm",
    ),
    _step(
        "resizing",
        r"resiz(?:ing|ed?)",
        "transforms.Resize torchvision.transforms.Resize Resize cv2.resize .resize tf.image.resize "
        "A.Resize skimage.transform.resize .thumbnail interpolate zoom",
        code=r"target_size\s*=|image_size\s*=|\.resize\(",
        named=r"resiz",
    ),
    _step(
        "face alignment",
        r"(?:data )?alignment",
        "MTCNN facenet_pytorch.MTCNN align_face warpAffine cv2.warpAffine dlib.* "
        "face_recognition.face_landmarks FaceAligner fetch_lfw_people mtcnn.MTCNN "
        "cv2.CascadeClassifier retinaface.*",
        named=r"align",
    ),
    _step(
        "image scaling",
        r"(?:image )?scaling",
        "RandomResizedCrop RandomAffine RandomZoom Resize RandomScale ShiftScaleRotate "
        "cv2.resize A.Affine A.RandomScale ScaleJitter ImageDataGenerator .resize "
        "RandomHorizontalFlip.scale zoom",
        code=r"zoom_range|scale\s*=\s*[\(\[]|scale_limit",
        named=r"scal|zoom|resize",
        context=_AUGMENTS,
    ),
    _step(
        "rotation",
        r"rotat(?:ion|ing|ed?)",
        "RandomRotation RandomAffine Rotate .rotate rotate ShiftScaleRotate RandomRotate90 "
        "cv2.getRotationMatrix2D ImageDataGenerator rot90 TF.rotate functional.rotate "
        "np.rot90 numpy.rot90 A.Rotate",
        code=r"rotation_range|degrees\s*=",
        named=r"rotat",
    ),
    _step(
        "flipping",
        r"flip(?:ping|ped|s)?(?: images)?",
        "RandomHorizontalFlip RandomVerticalFlip HorizontalFlip VerticalFlip Flip flip hflip vflip "
        "cv2.flip RandomFlip fliplr flipud numpy.fliplr .transpose ImageOps.mirror "
        "random_flip_left_right",
        code=r"horizontal_flip|FLIP_LEFT_RIGHT|\[:,\s*::-1\]|\[::-1",
        named=r"flip",
    ),
    _step(
        "cropping",
        r"(?:random )?crop(?:ping|ped|s)?",
        "RandomCrop RandomResizedCrop CenterCrop .crop crop RandomSizedCrop A.RandomCrop "
        "tf.image.random_crop",
        code=r"\[\w+:\w+\s*\+\s*\w+,\s*\w+:\w+\s*\+",
        named=r"crop",
    ),
    _step(
        "translation",
        r"translation",
        "RandomAffine RandomTranslation ShiftScaleRotate A.Affine shift warpAffine "
        "ImageDataGenerator translate roll",
        code=r"translate\s*=|(?:width|height)_shift_range",
        named=r"translat|shift",
        context=_AUGMENTS,
    ),
    _step(
        "data augmentation",
        r"(?:data|image) augmentation|augmented",
        "RandomRotation RandomHorizontalFlip RandomVerticalFlip RandomCrop RandomResizedCrop "
        "RandomAffine ColorJitter RandomErasing GaussianBlur ImageDataGenerator albumentations.* "
        "A.Compose RandAugment TrivialAugmentWide AutoAugment RandomFlip RandomZoom imgaug.* iaa.* "
        "RandomPerspective RandomAdjustSharpness",
        named=r"augment",
    ),
    _step(
        "image preprocessing",
        r"image preprocessing",
        "Resize Normalize transforms.Compose ToTensor cv2.resize .resize",
        named=r"preprocess|transform",
    ),
    _step(
        "audio preprocessing",
        r"audio (?:pre)?processing",
        "librosa.* torchaudio.* noisereduce.* soundfile.* scipy.io.wavfile.*",
        named=r"preprocess|clean|normali[sz]e",
    ),
    _step(
        "text preprocessing",
        r"text preprocessing",
        "re.sub .lower word_tokenize nltk.*",
        named=r"preprocess|clean|tokeni[sz]e",
    ),
    _step(
        "data preprocessing",
        r"(?:data )?pre-?process(?:ing|ed)|prepar(?:ation|ing|ed)(?: the dataset)?",
        "sklearn.preprocessing.* .fillna .dropna get_dummies ColumnTransformer transforms.Compose "
        "Compose re.sub .tokenize tokenizer Resize .astype train_test_split .drop "
        "AutoTokenizer.from_pretrained DataLoader .map StandardScaler Normalize LabelEncoder",
        named=r"pre_?process|clean|prepare|transform|normali[sz]e|tokeni[sz]e|split|scale",
    ),
)

FEATURES: tuple[Concept, ...] = (
    _step(
        "feature selection",
        r"(?:conducting )?feature selection|select(?:ing)? (?:important )?features",
        "sklearn.feature_selection.* SelectKBest RFE RFECV SelectFromModel VarianceThreshold "
        "SequentialFeatureSelector mutual_info_classif mutual_info_regression f_classif chi2 "
        "f_regression SelectPercentile boruta.* BorutaPy GenericUnivariateSelect",
        code=r"feature_importances_|\.corr\(|corrwith\(|abs\(\w*(?:corr|coef)|"
        r"(?:chosen|selected|keep|best|top)\w*\s*=\s*\w.*\[\s*:\s*\w+\s*\]",
        named=r"select_?\w*feature|feature_?selec|drop_?corr|rank_?feature|select_k|top_?feature",
    ),
    _step(
        "feature generation",
        r"(?:feature )?generation(?=,? (?:is|are) performed)|feature (?:generation|creation)",
        "PolynomialFeatures FeatureUnion KBinsDiscretizer",
        code=r"\.dt\.(?:month|day|hour|dayofyear|year|dayofweek)|\w+\[.+\]\s*=\s*\w+\[.+\]\s*[-+*/]"
        r"|\.rolling\(|\.shift\(|\.diff\(|\.pct_change\(|\.assign\(",
        named=r"feature|derive|engineer",
    ),
    _step(
        "feature engineering",
        r"feature engineering|engineered features",
        "sklearn.feature_selection.* sklearn.preprocessing.* PolynomialFeatures get_dummies",
        code=r"\.dt\.(?:month|day|hour|year)|\.rolling\(|\.shift\(|\.diff\(|\.pct_change\(|"
        r"\.assign\(",
        named=r"feature|engineer|encod|select",
    ),
    _step(
        "technical indicators",
        r"(?:generating )?technical indicators",
        "ta.* talib.* pandas_ta.*",
        code=r"\.rolling\(|\.ewm\(|\brsi\b|\bRSI\b|macd|MACD|\bsma\b|\bSMA\b",
        named=r"indicator|rsi|macd|sma|ema|bollinger",
    ),
    _step(
        "lag features",
        r"lag(?:ged)? features?",
        ".shift",
        code=r"\.shift\(|\[\s*\w+\s*-\s*\w*lag\w*\s*:|lags?\b",
        named=r"lag",
    ),
    _step(
        "time window",
        r"(?:a )?(?:sliding |time |rolling )windows?(?: is| are)?(?: used)?",
        "sliding_window_view timeseries_dataset_from_array TimeseriesGenerator",
        code=r"\[\s*\w+\s*-\s*[\w.]+\s*:\s*\w+|\[\s*\w+\s*:\s*\(?\w+\s*\+\s*[\w.]+|\.shift\(|"
        r"\.unfold\(",
        named=r"window|sequence|lag|supervised",
    ),
    _step(
        "train/test split",
        r"split(?= (?:\w+ ){0,4}(?:train\w*|test\w*|validation))|train[/-]test split|"
        r"(?:is|are) split",
        "train_test_split StratifiedShuffleSplit random_split .random_split TimeSeriesSplit "
        "ShuffleSplit KFold .train_test_split .randomSplit Subset .sample "
        "surprise.model_selection.train_test_split",
        code=r"\[\s*:\s*(?:int\()?\w*(?:cut|split|train|n_|size|len|border)\w*|"
        r"\[\s*(?:int\()?\w*(?:cut|split|train|size|border)\w*\s*:|\bvalidation_split\s*=|"
        r"split\s*=\s*['\"]|iloc\[\s*:|is_train|\btrain\s*=\s*(?:True|False)|"
        r"\[['\"](?:train|test|validation)['\"]\]",
        literals=r"^(?:train|test|validation)(?:\[|$)",
        named=r"split",
    ),
    _step(
        "stratified",
        r"stratified",
        "StratifiedKFold StratifiedShuffleSplit",
        code=r"stratify\s*=\s*(?!None)\w",
    ),
    _step(
        "chronological order",
        r"chronological(?:ly)?",
        "TimeSeriesSplit .sort_values",
        code=r"\[\s*:\s*\w|iloc\[\s*:|shuffle\s*=\s*False",
        named=r"chrono|temporal",
    ),
    _step(
        "oversampling or undersampling",
        r"oversampling or undersampling(?: techniques)?|(?:over|under)-?sampl\w+|smote|"
        r"(?:class )?imbalance\w*(?: data)?(?: is handled)?|imbalanced data",
        "imblearn.* SMOTE RandomOverSampler RandomUnderSampler ADASYN SMOTEENN "
        "sklearn.utils.resample resample WeightedRandomSampler SMOTETomek BorderlineSMOTE SMOTENC "
        "NearMiss TomekLinks",
        code=r"replace\s*=\s*True|\.sample\(",
        named=r"over_?sampl|under_?sampl|balance|resampl|smote",
    ),
)

LEARNING: tuple[Concept, ...] = (
    _step(
        "cross-validation",
        r"(?:\w+-fold )?cross-?validat(?:ion|ed?|ing)|cross validation|k-?fold",
        "cross_val_score cross_validate cross_val_predict KFold StratifiedKFold GroupKFold "
        "TimeSeriesSplit RepeatedKFold RepeatedStratifiedKFold GridSearchCV RandomizedSearchCV "
        "LeaveOneOut xgboost.cv lightgbm.cv RidgeCV LassoCV LogisticRegressionCV "
        "HalvingGridSearchCV BayesSearchCV ShuffleSplit StratifiedShuffleSplit "
        "ElasticNetCV GroupShuffleSplit RFECV "
        "CalibratedClassifierCV permutation_test_score learning_curve validation_curve",
        code=r"for\s+(?:\w+|\(?\w+,.*)\s+in\s+.*folds?|array_split\(",
        named=r"cross_?val|k_?fold|folds",
    ),
    _step(
        "grid search",
        r"grid-?search(?:cv)?",
        "GridSearchCV HalvingGridSearchCV ParameterGrid itertools.product product",
        named=r"grid_?search",
    ),
    _step(
        "hyperparameter tuning",
        r"hyper-?parameters?(?: search(?: method)?| tuning| optimi[sz]ation)?,?"
        r"(?=.*(?:tun|search|optimi|chosen))|(?:hyper-?parameter|parameter) (?:search|tuning)|"
        r"hyperparameter search method|(?:is|are) tuned|(?:is|are) chosen by",
        "GridSearchCV RandomizedSearchCV optuna.* ParameterGrid ParameterSampler hyperopt.* "
        "keras_tuner.* BayesSearchCV itertools.product product ray.tune.* HalvingGridSearchCV "
        "skopt.* create_study RidgeCV LassoCV LogisticRegressionCV kerastuner.* "
        "HalvingRandomSearchCV",
        code=r"for\s+\w*(?:lr|learning_rate|alpha|batch_size|bs|hidden|param|config|combo|depth|"
        r"latent|noise|dim|C|gamma|trial|candidate|setting|k|n_\w+)\w*(?:\s*,.*)?\s+in\s+",
        named=r"tun(?:e|ing)|search|hyper|optimi[sz]e_(?:param|hyper)|objective",
    ),
    _step(
        "training",
        r"(?:is|are|was|were|being)\s+(?:(?:\w+ly|used|implemented|then|and|further)\s+){0,3}"
        r"(?:re)?trained(?! \"?model)|(?:implemented|defined|built|created) and trained|"
        r"train the \w*",
        ".fit .fit_transform .train .backward .train_on_batch .fit_generator .learn .partial_fit "
        "xgboost.train lightgbm.train trainer.fit optimizer.step .step GradientTape",
        code=r"\bcoef_\s*=|weights?\s*(?:-=|\+=)",
        named=r"^train|^fit",
    ),
    _step(
        "fine-tuning",
        r"fine-?\s?tun(?:ed?|ing)",
        ".backward .fit .train Trainer transformers.Trainer SFTTrainer .fit_one_cycle .fine_tune",
        named=r"fine_?tune|train",
    ),
    _step(
        "evaluation",
        r"(?:is|are) (?:then )?evaluated",
        "sklearn.metrics.* .evaluate .score cross_val_score cross_validate .predict",
        named=r"evaluat|score|test",
    ),
    _step(
        "inference",
        r"inference(?: is performed)?|predictions? (?:is|are) made",
        ".predict .predict_proba .generate .detect .detectMultiScale",
        code=r"model\w*\(|net\(|predict\(",
        named=r"predict|infer|detect",
    ),
    _step(
        "early stopping",
        r"early[- ]stopping",
        "EarlyStopping",
        code=r"early_stop|patience",
        named=r"early_?stop",
    ),
    _step(
        "elbow method",
        r"elbow method",
        code=r"inertia_|wcss|WCSS|distortions?|\bsse\b",
        named=r"elbow",
    ),
    _step(
        "learning-rate and batch-size settings",
        r"learning rates? and (?:batch|hidden layer) sizes?",
        code=r"(?:lr|learning_rate)",
    ),
    _step(
        "noise-dimension and learning-rate settings",
        r"noise vector dimensions?(?: and learning rates?)?",
        code=r"(?:latent|noise|nz|z_dim)",
    ),
    _step(
        "style and content loss weights",
        r"weights of style loss and content loss|style (?:weight|intensity)",
        code=r"style_?\w*\s*\*|\*\s*(?:self\.)?\w*style|content_?\w*\s*\*|\*\s*(?:self\.)?\w*content|"
        r"\b(?:alpha|beta)\s*\*.*(?:style|content|loss)",
    ),
    _step(
        "length limit",
        r"(?:generation )?length is limited|maximum of \d+ characters",
        code=r"\[\s*:\s*\w*(?:200|MAX\w*|max\w*|limit\w*|LIMIT\w*)\w*\s*\]|max_(?:length|new_tokens)"
        r"\s*=|max_?(?:chars?|len\w*)",
    ),
    _step(
        "mathematical expression parsing",
        r"(?:parsing|standardizing)(?: and \w+)? mathematical expressions",
        "sympy.* ast.parse re.sub re.findall",
        named=r"parse|standardi[sz]e|normali[sz]e|expr",
    ),
    _step(
        "comparison with another model",
        r"(?:performance )?comparison with another model|compared with (?:a )?[\w -]+|baseline",
        "DummyClassifier DummyRegressor",
        named=r"compar|baseline|naive",
        code=r"\bbaseline\w*|naive\w*|\bcompar",
    ),
    _step(
        "user-specified start and end",
        r"(?:specify|choose) a? ?grid size(?: and start/end positions)?|start/end positions",
        code=r"self\.\w*(?:start|goal|end|target)\w*\s*=\s*[^\d(\[]*(?:\(\s*)?\b(?:start|goal|end|target)",
    ),
)

STEPS: tuple[Concept, ...] = (*CLEANING, *SCALING, *FEATURES, *LEARNING)
