
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_VERSION_H_INCLUDED_
#define _VOYO_VERSION_H_INCLUDED_


/* The only place of the version; scripts ask "voyo-resolver --version". */

#define VOYO_VERSION  "0.1.0"


#endif /* _VOYO_VERSION_H_INCLUDED_ */
